"""``osil export``."""

from __future__ import annotations

import argparse

from osil.cli.arguments import Commands, add_command


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "export",
        "add an ONNX file to a stacking model, with which it acts in half the time",
        "  osil export runs/mine\n\n"
        "It is used by itself wherever ONNX Runtime is installed, and its answers are the same. Training anew into\n"
        "the folder removes it. Exporting takes half a minute and needs: pip install onnx onnxscript",
    )
    parser.add_argument("model", metavar="MODEL", help="folder of a model that osil train has made")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.policies.exported_network import ExportedNetwork, export
    from osil.policies.model_folder import EXPORTED, add_exported, find_model
    from osil.policies.stacking import StackingPolicy

    folder = find_model(options.model)
    (folder / EXPORTED).unlink(missing_ok=True)  # it may be damaged
    policy = StackingPolicy.load(folder)
    add_exported(folder, export(policy.network, policy.info["digest"]))
    usable = ExportedNetwork.beside(folder, policy.info["digest"]) is not None
    print(f"{folder / EXPORTED} written" + ("" if usable else "; to make use of it: pip install onnxruntime"))
