"""The page in the browser: what it shows, what it lets an operator do, and who may do it.

``osil.ros.page_node`` puts it together. Its web server is viser's, an extra: ``pip install osil_bringup[page]``.
"""
