"""What does a fault say in Chinese, for the screen? A fault itself is raised in English, where its cause is."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["WORDS", "in_chinese"]

WORDS: dict[str, str] = {
    # what is balanced, kept whole and never crossed
    "A load has no term {name}.": "工作量中没有 {name} 这一项。",
    "Its terms are {names}; {example}.": "可用的项：{names}；{example}。",
    "The load names {name} twice.": "工作量中 {name} 出现了两次。",
    "Give each term one weight.": "每一项只填一个权重。",
    "All weights of the load are 0.": "工作量的各项权重都是 0。",
    "The load names no term.": "工作量没有任何一项。",
    "Give at least one term a weight above 0, {example}.": "请至少给一项填大于 0 的权重，{example}。",
    "The weight of {name}, {number}, is no number.": "{name} 的权重 {number} 不是数字。",
    "Give a number, {example}.": "请填数字，{example}。",
    "The weight of {name} is {number}.": "{name} 的权重不能是 {number}。",
    "Give 0 or more, {example}.": "请填 0 或更大的数，{example}。",
    "The load counts {names}, but there are none in {where}.": "工作量要计 {names}，但没有这些数据（{where}）。",
    "Give the data, or leave the term out.": "请先导入这些数据，或去掉这一项。",
    "There are {what} here, so no target follows.": "这里没有可据以折算目标的数据（{what}）。",
    "Name the target in units of the load.": "请直接填写以工作量计的目标。",
    "{name} cannot be kept whole.": "{name} 不能作为整体保留的单位。",
    "What can be kept whole: {names}.": "可整体保留的：{names}。",
    "There is no barrier {name}.": "没有“{name}”这种阻隔。",
    "Barriers are {names}.": "可选：{names}。",
    # regrouping
    "Old grids are not kept {level}.": "没有“{level}”这种原网格保留程度。",
    "Levels are {levels}.": "可选：{levels}。",
    "Grids are locked, but old grids are not kept.": "锁定了网格，但没有要求保留原网格。",
    "Say how: keep_old loosely, or mostly.": "请先选择原网格的保留程度。",
    "Grid {key} is none that the communities had when the plan was begun.": "网格 {key} 不是方案开始时这些社区的网格。",
    "Lock grids that were in force there.": "请锁定当时有效的网格。",
    "{names} cannot be merged.": "无法合并：{names}。",
    "Name two or more networks, each once.": "请选择两个或更多网格体系，每个只选一次。",
    "Network {code} cannot be merged into itself.": "网格体系 {code} 不能并入自身。",
    "Give the new network another code.": "请为新的网格体系换一个编码。",
    "Network {code} has grids already.": "网格体系 {code} 已有网格。",
    "Merge into a new network: --into another code.": "请合并到新的网格体系（换一个编码）。",
    # jobs
    "The job was cancelled; nothing of its last step was kept.": "任务已取消，未完成的步骤没有保留任何数据。",
    "Retry it to begin anew.": "可重试。",
    "Something unexpected happened.": "发生了意外错误。",
    "See the worker's log.": "请联系管理员查看后台服务的日志。",
    "The worker died {n} times while this job ran; nothing of it was kept.": (
        "执行任务时后台服务中断了 {n} 次，没有保留任何数据。"
    ),
    "See the log of the server (is there enough memory?), then retry the job.": (
        "请联系管理员查看服务器日志（内存是否足够），然后重试。"
    ),
    "Job {n} waits to do the same for {district}.": "任务 {n} 正在等待做同样的事。",
    "Follow that one, or cancel it first.": "请等它完成，或先取消它。",
    "Job {n} has ended: {state}.": "任务 {n} 已经结束。",
    "Nothing is left to be cancelled.": "没有可以取消的。",
    "Job {n} is {state}.": "任务 {n} 不能重试。",
    "Only what failed or was cancelled is tried again.": "只有失败或已取消的任务可以重试。",
    "{file} is not kept any more.": "{file} 已不在服务器上。",
    "There is no upload {n}.": "上传的文件已不在服务器上。",
    "Hand the file over again.": "请重新上传文件。",
    "{file} is empty.": "{file} 是空文件。",
    "Choose another file.": "请换一个文件。",
    # files
    "It is not said since when these grids are in force.": "没有说明这些网格从哪一天起有效。",
    "Grids in force cannot begin on {day}, which lies ahead.": "已有网格的生效日期（{day}）不能晚于今天。",
    "Give the day since when they are in force; what is to come is made as a plan.": (
        "请填写它们实际开始生效的日期；将来的网格请做成方案。"
    ),
    "{file}: no grid of it holds the larger share of a cell.": "{file}：没有一个网格占有任何单位地块的大部分。",
    "Check that it is of this district.": "请检查文件是否属于本区县，坐标系是否正确。",
    "Community {code} has other grids of network {network}, level {level}, than these.": (
        "社区 {code} 在该网格体系第 {level} 级已有其他网格。"
    ),
    "Change them with a plan (gridkeeper plan open), or leave that community out of the file.": (
        "请用方案修改，或从文件中去掉该社区。"
    ),
    "The cells or communities of these grids are what they are only since {moment}.": (
        "这些网格所在的单位地块或社区从 {moment} 起才是现在的样子。"
    ),
    "Give --effective {day} or a later day: what was in force before that stood on others.": (
        "请把生效日期填为 {day} 或更晚；此前有效的网格建立在别的地块上。"
    ),
    "A plan is published that puts others in the place of cells of these grids at {moment}.": (
        "已有发布的方案将于 {moment} 替换这些网格的单位地块。"
    ),
    "Import them on that day with --effective {day}, or take the plan back first: gridkeeper plan withdraw.": (
        "请在当天以生效日期 {day} 导入，或先撤回该方案。"
    ),
    "{n} divisions with grids in force would get another border: {names}": "{n} 个已有网格的辖区边界会改变：{names}",
    "Say since when with --effective DATE: what was before is kept. Or leave them out of the file.": (
        "请填写生效日期（此前的情况保留），或从文件中去掉这些辖区。"
    ),
    "{n} buildings are said to be demolished, nobody says since when: {codes}.": (
        "{n} 栋楼已拆除，但没有说明从哪一天起：{codes}。"
    ),
    "Import the file with --effective DATE.": "请填写生效日期后重新导入。",
    "There is no district {code} yet.": "还没有辖区 {code}。",
    "Import its divisions first: gridkeeper import divisions FILE.": "请先导入辖区。",
    "District {code} has no network {network}.": "没有网格体系 {network}。",
    # cells, proposals, first grids
    "The grids of {code} are in force since {day}: their cells do not change.": (
        "{code} 的网格自 {day} 起有效，单位地块不再改变。"
    ),
    "New buildings joined the cells they stand in. To make cells anew where the ground changed: "
    "open a draft, then gridkeeper plan renew {code} PLAN.": (
        "新楼栋已归入所在地块。实地有变化处，请在方案中“更新单位地块”。"
    ),
    "District {code} has no communities.": "{code} 还没有社区。",
    "Import its divisions with a level community first.": "请先导入社区。",
    "District {code} has no cells yet.": "{code} 还没有单位地块。",
    "Make them first: gridkeeper tessellate {code}": "请先划分单位地块。",
    "District {code} has no draft to work on.": "{code} 没有可发布的首次方案。",
    "Make one first: gridkeeper propose {code}": "请先生成方案。",
    "District {code} has no grids yet.": "{code} 还没有网格。",
    # edits of drafts
    "Plan {plan} is at edit {now}, you know edit {known}: somebody was first.": (
        "方案 {plan} 在此期间已被修改（现为第 {now} 次修改，您看到的是第 {known} 次）。"
    ),
    "Read the plan again and repeat the edit.": "结果未采用；请核对最新内容后重做。",
    "Plan {plan} is {status}, not a draft: it is not edited.": "方案 {plan} 不是草案，不能修改。",
    "Return it to be mended, or open a new draft.": "请退回修改，或另建草案。",
    "The cells of plan {plan} are as the ground is: nothing to make anew.": (
        "方案 {plan} 的单位地块与实地一致，没有需要更新的。"
    ),
    "Import what has changed first.": "请先导入有变化的楼栋、道路或边界。",
    "Plan {plan} does not hold {codes}.": "方案 {plan} 不包含 {codes}。",
    "This plan does not hold {codes}.": "该方案不包含 {codes}。",
    "Name its communities.": "请选择该方案的社区。",
    "The minimum ({low}) and maximum ({high}) of a grid contradict each other.": (
        "每个网格的下限（{low}）与上限（{high}）互相矛盾。"
    ),
    "The search is to take {n} seconds.": "搜索时限不能是 {n} 秒。",
    "Give more than 0, or leave the limit out.": "请填大于 0 的数，或不填。",
    "A record of stages and a time limit contradict each other.": "搜索记录与时限不能同时给出。",
    "Give one of the two.": "请只给一个。",
    "The record of stages names community {code}, which is not divided here.": (
        "搜索记录中的社区 {code} 不在划分范围内。"
    ),
    "The record of stages does not fit community {code}, which has {n} pieces.": "搜索记录与社区 {code} 不符。",
    "Give the record of a plan of the same cells, target and limits.": (
        "请用同样的单位地块、目标和上下限所做方案的记录。"
    ),
    "Give 0 <= min <= max, e.g. --min 150 --max 300.": "下限不能大于上限，例如 150 和 300。",
    "The target ({target}) lies outside [min, max] = [{low}, {high}].": (
        "目标（{target}）不在下限与上限（{low}–{high}）之间。"
    ),
    "Give min <= target <= max.": "请使目标介于下限与上限之间。",
    "There is no style {style}.": "没有“{style}”这种划分方式。",
    "Styles are {styles}.": "可选：{styles}。",
    "The target is {n} a grid.": "每个网格的目标不能是 {n}。",
    "Give a target above 0, e.g. --target 200.": "请填写大于 0 的目标，例如 200。",
    "target, min and max must be finite numbers.": "目标、下限和上限必须是数字。",
    "Give numbers, e.g. 200 150 300.": "请填写数字，例如 200、150、300。",
    "Every grid in scope is locked.": "范围内的网格全部被锁定，没有可以调整的。",
    "Unlock one of them, or widen the scope.": "请解锁其中一个，或扩大范围。",
    "Grid {key} has no cells in this plan.": "方案中没有网格 {key} 的地块。",
    "Name grids of the plan's communities.": "请选择方案中的网格。",
    "A border lies between two grids.": "边界必须在两个网格之间。",
    "Name two grids, e.g. A:B.": "请选择两个不同的网格。",
    "A budget is below 0.": "上限不能小于 0。",
    "Give 0 or more households and grids, or leave the budget out.": "请填写 0 或更大的数，或留空。",
    "This answer moves nothing.": "这个结果不移动任何住户。",
    "Widen the scope, loosen locks or budgets, or keep another one.": "请扩大范围、放宽锁定或上限，或采用另一个结果。",
    "Community {code} has no grid in force.": "社区 {code} 还没有网格。",
    "Partition it first, or leave it out.": "请先划分，或不选它。",
    "Grid {key} has cells in communities {one} and {other}.": "网格 {key} 跨了 {one} 和 {other}。",
    "A grid stays inside its community: mend the plan first.": "网格不跨社区，请先改正方案。",
    "Grid {key} holds only a part of grid {finer} of the level below.": "网格 {key} 只含下一级网格 {finer} 的一部分。",
    "Give that one to a single grid first: a coarser grid is made of whole finer ones.": (
        "上级网格由完整的下级网格组成：请先把它整个划给一个网格。"
    ),
    "Grid {key} holds cells of another grid or community.": "网格 {key} 的地块重复，或属于别的社区。",
    "Name every cell once.": "每个地块只能出现一次。",
    "Cells {cells} are not of this plan.": "地块 {cells} 不在方案中。",
    "Choose cells of the plan's communities.": "请选择方案所含社区的地块。",
    "Grid {key} lies in community {code}, but cells of {others} would join it.": (
        "网格 {key} 在社区 {code}，不能划入 {others} 的地块。"
    ),
    "A grid stays inside its community: leave those cells out.": "网格不跨社区，请去掉这些地块。",
    "There is no grid {key} in this plan.": "方案中没有网格 {key}。",
    "Name grids of the base, or new-1, new-2 ...": "请选择方案中的网格，或新建网格。",
    "District {code} has no plan {plan}.": "{code} 没有方案 {plan}。",
    "`gridkeeper plan list {code}` lists its plans.": "请在方案列表中选择。",
    "This edit changes nothing.": "这一步没有改变任何内容。",
    "Choose other cells or another grid.": "请选择其他地块或网格。",
    "No cells are named.": "没有选择地块。",
    "Select at least one.": "请至少选择一个。",
    "Nobody is named who does this.": "没有说明由谁操作。",
    "{name} is not on the list of persons.": "{name} 不在人员名单中。",
    # steps of plans
    "Plan {plan} leaves every grid as it is.": "方案 {plan} 没有改变任何网格。",
    "Edit it first, or discard it.": "请先修改，或废弃它。",
    "The plan is not {act}: {check}": "有硬性检查未通过，方案没有提交或发布。",
    "See all with `gridkeeper plan checks {district} {plan}`; mend the draft, or let it be divided anew with "
    "`gridkeeper plan propose {where} {number}`, and try again.": "请查看下方的检查，改正草案或自动划分后再试。",
    "Give it back first: `gridkeeper plan return {district} {number}`. {more}": "请先退回，改正后再试。",
    "Plan {plan} is {status}: the step {step} is not open to it.": "方案 {plan} 现在的状态不允许这一步。",
    "Plan {plan} is in force since {moment}: it cannot be withdrawn.": "方案 {plan} 自 {moment} 起已生效，不能撤回。",
    "Change what is in force with another plan (gridkeeper plan open), or go back to an earlier version "
    "(gridkeeper plan rollback).": "请另建草案来修改，或回退到较早的版本。",
    "Other grids are in force by now: change them with another plan (gridkeeper plan open), or bring these "
    "back (gridkeeper plan rollback).": "现在有效的是别的网格：请另建草案来修改，或回退到这一版。",
    "It was put aside for good: begin another one (gridkeeper plan open).": "该方案已作废，请另建草案。",
    "Open to it are: {steps}.": "请看下一步可以做什么。",
    "Choose another person and try again.": "请换一个人操作。",
    "Plan {plan} was begun on {old}, but in community {community} {new} is in force.": (
        "方案 {plan} 开始之后，社区 {community} 已发布了新的版本。"
    ),
    "Open a new draft on the version in force (gridkeeper plan open {code} ...).": "请在现行版本上另建草案。",
    "Plan {plan} is for community {community}, which ends on {day}.": (
        "方案 {plan} 所属的社区 {community} 到 {day} 为止。"
    ),
    "Open a new draft for the communities that take its place.": "请为接替它的社区另建草案。",
    "A publication cannot take effect at {moment}: only the first one of a place may begin in the past.": (
        "不能在过去的时间生效。"
    ),
    "Give a moment from now on with its time zone, or leave it out: the next midnight.": (
        "请填写今后的时间，或不填（次日零时）。"
    ),
    "Version {version} takes effect in these communities at {last}; {chosen} does not come after it.": (
        "这些社区的第 {version} 版将于 {last} 生效，新的生效时间必须更晚。"
    ),
    "Give a later moment, or withdraw that version first.": "请填写更晚的时间，或先撤回该版本。",
    "The grids are those of version {version} now.": "现在的网格就是第 {version} 版的网格。",
    "Nothing needs to be rolled back.": "不需要回退。",
    "Nothing needs to be done.": "不需要做什么。",
}
"""English text with {names} -> Chinese text with the same names; a name may be left out."""


def in_chinese(text: str) -> str | None:
    """Say a message or a remedy in Chinese; None where there are no words for it.

    Examples
    --------
    >>> in_chinese("Plan 7 leaves every grid as it is.")
    '方案 7 没有改变任何网格。'
    >>> in_chinese("There is no barrier 'hedge'.")
    '没有“hedge”这种阻隔。'
    >>> in_chinese("The sky is falling.") is None
    True
    """
    for pattern, words in _patterns():
        if match := pattern.fullmatch(text):
            return words.format(**{name: _bare(value) for name, value in match.groupdict().items()})
    return None


def _bare(value: str) -> str:
    """Take the quotes off a value that is quoted as a whole: the Chinese text has its own."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else value


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(_pattern(english), chinese) for english, chinese in WORDS.items()]


def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    words = (re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts))
    return re.compile("".join(words), re.DOTALL)
