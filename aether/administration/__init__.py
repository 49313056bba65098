"""The admin as people see it: its look and navigation, its front page, and the models that other packages bring."""
