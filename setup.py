"""What the wheel holds: the two apps, and the browser client where Django finds an app's static files.

https://setuptools.pypa.io/en/latest/userguide/package_discovery.html
"""

from setuptools import find_packages, setup

APPS = find_packages(include=["realtime", "realtime.*", "notifications", "notifications.*"])

setup(
    packages=[*APPS, "realtime.static"],
    package_dir={"realtime.static": "static"},
    package_data={
        "realtime.static": ["websocket.js", "realtime/*.js"],
        "realtime": ["static/**/*", "templates/**/*"],
        "notifications": ["static/**/*", "templates/**/*"],
    },
)
