"""The name under which older texts import `libgossip`: it is the same module."""

import sys

import libgossip

sys.modules[__name__] = libgossip
