from libgossip import *
from libgossip import __version__ as __version__
