"""The equipment list: ``streamlit run app.py``.

Streamlit finds ``app`` here and serves it: pages, the lifespan of the server and its routes. For every visitor's
rerun it then runs this same file as a script, which draws the page.
"""

from __future__ import annotations

from equipment import prerequisites

with prerequisites.explained(True):
    import streamlit as st

    from equipment.aside import sets
    from equipment.server import application
    from equipment.ui import boundary, page

app = st.App(
    __file__,
    lifespan=application.lifespan(page.preload, sets.beside),
    routes=application.routes(),
    middleware=application.middleware(),
    on_script_error=boundary.on_script_error,
)

if __name__ == "__main__":
    page.show()
