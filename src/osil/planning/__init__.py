"""Motions of the whole arm that touch nothing, planned as a whole before they begin."""
