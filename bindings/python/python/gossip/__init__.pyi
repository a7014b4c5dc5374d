from libgossip import *
from libgossip import __version__ as __version__
from libgossip import __all__ as __all__
