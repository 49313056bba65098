"""The Imaginary Datacenter in motion: what `manage.py simulate` does. All that it does goes through the actions."""
