"""The options of signing in: the first administrator, how long a sign-in lasts, and an identity provider."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from equipment.domain.roles import Role

__all__ = ["SignInOptions"]


class SignInOptions(BaseModel):
    """What an installation says about signing in."""

    admin_user: str = Field(
        default="",
        description="With EQUIPMENT_ADMIN_PASSWORD: name of the first administrator, created at the first start.")
    admin_password: SecretStr | None = Field(
        default=None, description="With EQUIPMENT_ADMIN_USER: password of the first administrator.")
    session_idle_hours: float = Field(
        default=12, ge=0.1, le=720, allow_inf_nan=False,
        description="Hours without any activity after which a sign-in ends.")
    session_days: float = Field(
        default=14, ge=0.01, le=366, allow_inf_nan=False,
        description="Days after which a sign-in ends in any case.")
    second_factor: Literal["off", "optional", "required"] = Field(
        default="optional",
        description="Codes of an authenticator app as a second factor for administrators with a password here: "
                    "optional, required (nothing else until it is set up), or off (nobody is asked).")
    oidc: bool = Field(
        default=False,
        description="Offer sign-in through the OpenID Connect provider configured under [auth] in the secrets file.")
    oidc_provider: str = Field(
        default="", pattern=r"^[^_]*$",  # Streamlit refuses an underscore in it
        description="Name of the provider's section, for [auth.NAME]; empty for [auth] itself.")
    oidc_name_claim: str = Field(
        default="name", description="Claim that holds the person's name as shown in the app.")
    oidc_role_claim: str = Field(
        default="groups", description="Claim whose value or values decide the role.")
    oidc_roles: dict[str, Role] = Field(
        default={},
        description='Value of the claim → role, as JSON such as {"lab-admins": "admin", "lab": "technician"}. '
                    "Somebody with several gets the most powerful one.")
    oidc_default_role: Role | None = Field(
        default=None, description="Role of people none of whose claim values is listed; without it they are refused.")

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value
