"""The screens: Streamlit and nothing else."""
