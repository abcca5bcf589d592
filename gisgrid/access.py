"""Who may do what where: roles, actions and units, in one rule for pages, API, stream, tiles, exports and commands."""

from dataclasses import dataclass
from typing import Final

from gisgrid.codes import is_grid_code, township_of, village_of
from gisgrid.errors import BadOption
from gisgrid.offices import DEPARTMENT, district_of, level_of

ROLES: Final[dict[str, tuple[str, str]]] = {
    "administrator": ("Administrator", "系统管理员"),
    "planner": ("Planner", "网格规划员"),
    "assessor": ("Assessor", "考核员"),
    "commander": ("Command staff", "指挥人员"),
    "worker": ("Grid worker", "网格工作人员"),
    "department": ("Department", "部门"),
    "auditor": ("Auditor", "审计员"),
    "wall": ("Wall screen", "大屏"),
}
"""The roles of accounts with their labels in English and Chinese."""

_EVERYONE: Final = frozenset(ROLES)
_STAFF: Final = frozenset(("planner", "assessor", "commander"))

ACTIONS: Final[dict[str, frozenset[str]]] = {
    # what, who
    "own_account": _EVERYONE,
    "read_grids": _EVERYONE - {"auditor"},
    "read_incidents": _STAFF | {"worker", "department", "wall"},
    "report_incident": _STAFF | {"worker"},
    "move_incident": frozenset(("commander", "worker", "department")),
    "read_figures": _STAFF | {"wall"},
    "export_incidents": _STAFF,
    "read_names": _EVERYONE - {"wall", "auditor"},
    "read_tracks": frozenset(("assessor",)),
    "judge_tracks": frozenset(("assessor",)),
    "read_positions": frozenset(("commander",)),
    "read_own_tracks": frozenset(("worker",)),
    "draw_grids": frozenset(("planner",)),
    "publish_grids": frozenset(("planner",)),
    "keep_registers": frozenset(("administrator",)),
    "keep_accounts": frozenset(("administrator",)),
    "read_audit": frozenset(("auditor",)),
}
"""Every action and the roles that may take it, each within its unit. An administrator sees no tracks, an auditor changes
nothing, a wall screen shows no names."""

ACTION_LABELS: Final[dict[str, str]] = {
    "own_account": "管理自己的账号",
    "read_grids": "查看网格",
    "read_incidents": "查看事件",
    "report_incident": "上报事件",
    "move_incident": "流转事件",
    "read_figures": "查看指标",
    "export_incidents": "导出事件",
    "read_names": "查看姓名和电话",
    "read_tracks": "查看他人轨迹",
    "judge_tracks": "考核巡查",
    "read_positions": "查看实时位置",
    "read_own_tracks": "查看自己的轨迹",
    "draw_grids": "绘制网格",
    "publish_grids": "发布网格",
    "keep_registers": "维护名册",
    "keep_accounts": "管理账号",
    "read_audit": "查看审计记录",
}
"""What the actions are called in Chinese; in English they are what they say."""


@dataclass(frozen=True)
class Holder:
    """Whoever asks: an account's name, role, unit (a code of any level, `department:CODE`, empty: everything) and, of a
    worker, the person's code.
    """

    name: str
    role: str
    unit: str = ""
    person: str = ""


@dataclass(frozen=True)
class Subject:
    """What is asked about: the unit in which it lies (grid, village or township code; empty: nobody's yet), the offices that
    have to do with it, and the person whose it is.
    """

    unit: str = ""
    offices: tuple[str, ...] = ()
    person: str = ""


def may(holder: Holder, action: str, subject: Subject | None = None) -> bool:
    """Whether someone may take an action, on a subject or (None) at all. Raises `BadOption` for an unknown action."""
    if action not in ACTIONS:
        raise BadOption(
            f"there is no action {action!r}; expected one of {', '.join(ACTIONS)}",
            zh=f"没有权限项 {action!r}；应为以下之一：{'、'.join(ACTIONS)}",
        )
    if holder.role not in ACTIONS[action]:
        return False
    if subject is None:
        return True
    if action == "read_own_tracks":
        return bool(holder.person) and subject.person == holder.person
    if holder.role == "department":
        # A department has what is handed to it, and the ground.
        return action == "read_grids" or holder.unit in subject.offices
    return covers(holder.unit, subject.unit) or (bool(holder.unit) and holder.unit in subject.offices)


def covers(unit: str, other: str) -> bool:
    """Whether a unit (empty: everything) is another or lies above it; nothing but everything covers what is nobody's yet."""
    if not unit or unit == other:
        return True
    if not other:
        return False
    if is_grid_code(other):
        return unit in (village_of(other), township_of(other), district_of(other))
    return unit in (township_of(other), district_of(other)) if len(other) == 12 else False


def acts_for(holder: Holder, office: str) -> bool:
    """Whether someone may step for an office: command staff for theirs and those below, others for their own only."""
    if holder.role == "commander":
        if office.startswith(DEPARTMENT):
            return holder.unit == office
        return (
            level_of(office) == "district" if not holder.unit and office == "district" else covers(holder.unit, office)
        )
    if holder.role == "worker":
        own = village_of(holder.unit) if is_grid_code(holder.unit) else holder.unit
        return bool(own) and own == office
    return holder.role == "department" and holder.unit == office


def check_role(role: str, unit: str) -> None:
    """`BadOption` for an unknown role, or a unit that a role cannot have."""
    if role not in ROLES:
        raise BadOption(
            f"there is no role {role!r}; expected one of {', '.join(ROLES)}",
            zh=f"没有角色 {role!r}；应为以下之一：{'、'.join(ROLES)}",
        )
    if (role == "department") != unit.startswith(DEPARTMENT):
        wanted = "a department such as department:fire" if role == "department" else "the code of a unit, or nothing"
        raise BadOption(
            f"unit {unit!r} of role {role}; expected {wanted}",
            zh=f"角色 {role} 的单位为 {unit!r}；应为{'部门，例如 department:fire' if role == 'department' else '单位编号，或留空'}",
        )
    if role == "worker" and not unit:
        raise BadOption(
            "a grid worker needs a unit; give the code of the grid, village or township",
            zh="网格员必须有单位；请填写网格、村社或镇街的编号",
        )
