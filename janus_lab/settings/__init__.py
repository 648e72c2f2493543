"""Settings: URLs that choose engines, and numbers with their units in their names.

Lowest to highest: the defaults, `janus.toml` (in the data directory's parent, then in the data directory), the chosen
profile's table in those files, `JANUS_*` in the environment, then what the caller gives. Nobody else reads the environment.
"""

from janus_lab.settings.load import load_settings as load_settings
from janus_lab.settings.places import FILE as FILE
from janus_lab.settings.places import FOLDER as FOLDER
from janus_lab.settings.places import find_home as find_home
from janus_lab.settings.places import project_root as project_root
from janus_lab.settings.settings import Settings as Settings
from janus_lab.settings.variables import environment_of as environment_of
from janus_lab.settings.variables import unknown_variables as unknown_variables
