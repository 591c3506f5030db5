"""Does it hold on this device and in this format? Both sides of the theorem in PyTorch, and a sweep.

Importing the package alone does not import PyTorch; its modules do.
"""
