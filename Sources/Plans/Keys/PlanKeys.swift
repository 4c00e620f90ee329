import Maintenance
import Schedules

/// The one place where the keys of a plan and an estate are defined.
public enum PlanKeys {
    public static let plan = KeyTable(
        "plan", "a plan",
        [
            .required("service", .name, "The service whose maintenance this is."),
            .optional("timezone", .text, "The zone of all times in the plan, such as `Europe/Paris`; UTC without it."),
            .optional("calendar", .name, "The estate's calendar whose holidays are no business days here."),
            .optional("owner", .name, "Who answers for the service: a person or a group of the estate."),
            .optional(
                "targets", .map(.target), "The databases, caches, endpoints and machines of the service, by name."),
            .optional("environments", .map(.table("environment")), "Where the service runs, and what differs there."),
            .optional(
                "place", .name,
                "From where the targets can be reached, one of the estate's `places`: nodes of that place do the work."),
            .optional("windows", .map(.table("window")), "When work that users may notice is agreed to be done."),
            .optional("notices", .list(.table("notice")), "Who is told of the runs, besides whom the estate tells."),
            .optional("policy", .table("plan-policy"), "What this service allows less of than the estate."),
            .optional(
                "actions", .map(.table("program")),
                "Programs that are actions of this plan, by the action's name: reading the plan has each describe itself."
            ),
            .required("procedures", .map(.table("procedure")), "What is done, by name."),
        ],
        later: ["use": "write the procedures into this file"])

    public static let environment = KeyTable(
        "environment", "an environment",
        [
            .optional("targets", .map(.target), "Targets that are others here, or only here."),
            .optional("place", .name, "From where its targets can be reached, where that is another place."),
        ])

    public static let window = KeyTable(
        "window", "a window",
        [
            .required("opens", .schedule, "When it opens."),
            .required("lasts", .scalar(Duration.self), "How long it stays open."),
            .optional("cutoff", .scalar(Duration.self), "How long before its end nothing is begun any more."),
            .optional(
                "at-end", .scalar(WindowEnd.self),
                "What becomes of work that is not done when it closes: `finish` the unit in hand and leave the rest to the "
                    + "next run, `pause` the run until it opens again, or `undo` what the step did; `finish` without it."
            ),
            .optional(
                "targets", .oneOrMany(.name), "Targets that are changed in this window only, whatever the procedure."),
        ])

    public static let procedure = KeyTable(
        "procedure", "a procedure",
        [
            .optional("summary", .text, "What it is for, in a sentence."),
            .optional("in", .name, "The window it belongs to: it begins when the window opens."),
            .optional("schedule", .schedule, "When it begins."),
            .optional("window", .name, "The window that it must fit into, beside its `schedule` or when run by hand."),
            .optional(
                "clock-change", .table("clock-change"),
                "What becomes of times that clocks skip or show twice; what the schedule's notation says without it."),
            .optional(
                "catch-up", .table("catch-up"),
                "What becomes of occurrences that passed without a run; `last` without it."),
            .optional(
                "overlap", .scalar(OverlapRule.self),
                "What becomes of an occurrence while the run before it is not over: `skip`, `queue` or `replace`; `skip` "
                    + "without it."),
            .optional(
                "jitter", .scalar(Duration.self), "Up to so much later each occurrence begins, by its own key."),
            .optional(
                "expected", .scalar(Duration.self),
                "How long a run takes, which must fit into what is left of its window; without it what 95 % of earlier "
                    + "runs took, and never more than three quarters of the window."),
            .optional("priority", .scalar(Int.self), "Who goes first where several wait for each other; 0 without it."),
            .optional("disabled", .text, "Why it is not scheduled for now; by hand it can be run."),
            .optional("inputs", .map(.table("input")), "What is given to a run, by name."),
            .optional(
                "guard", .oneOrMany(.name),
                "Checks that must stay well while its changes, its waits and its checks with `for` go on: checks among its "
                    + "steps, or a procedure of checks."),
            .required("steps", .list(.table("step")), "What is done, in order."),
            .optional(
                "finally", .list(.table("step")),
                "What is done when all steps are over, whatever came of them, also after a crash, when somebody stopped the run, "
                    + "or when the window has closed; not while a hold is in force."),
            .optional("reports", .list(.table("report")), "What is written when it has ended."),
            .optional(
                "notices", .list(.table("notice")), "Who is told of its runs, besides whom plan and estate tell."),
            .optional(
                "heartbeat", .channelNames,
                "The channel that is told when a whole run ended with pass or warn: its silence is an alarm."),
        ],
        later: [
            "proven-in": "run it in the other environment first", "approval": "give it to the steps that need it",
            "after": "use `schedule`", "notice": "tell people beforehand; `notices` tells them of a run's end",
            "silence": "silence alerts beforehand",
        ])

    public static let clockChange = KeyTable(
        "clock-change", "a policy for clock changes",
        [
            .optional(
                "gap", .scalar(ClockChangePolicy.Gap.self),
                "A time that clocks skip: `skip` it, `after` at the end of the gap, `before` at its beginning."),
            .optional(
                "overlap", .scalar(ClockChangePolicy.Overlap.self),
                "A time that clocks show twice: the `first`, the `last` or `both`."),
        ])

    public static let catchUp = KeyTable(
        "catch-up", "a catch-up",
        [
            .required(
                "mode", .scalar(CatchUpRule.self), "`all` that passed, the `last` of them, or `none`."),
            .optional("at-most", .scalar(Int.self), "Of `all`, the newest so many."),
            .optional("spread", .scalar(Duration.self), "Time from the beginning of one to the next."),
            .optional("within", .scalar(Duration.self), "How late an occurrence may begin; a minute without it."),
            .optional("after-pause", .scalar(Bool.self), "Also what passed while it was disabled is made up for."),
        ])

    public static let input = KeyTable(
        "input", "an input",
        [
            .optional("type", .scalar(InputType.self), "What may be given; a text without it."),
            .optional("default", .value, "What holds when nothing is given."),
            .optional("summary", .text, "What it means, in a sentence."),
        ])

    public static let step = KeyTable(
        "step", "a step",
        [
            .optional(
                "id", .name, "Its name in conditions and reports; the action's name with `-` for `.` without it."),
            .optional("summary", .text, "What it is for, in a sentence."),
            .optional("check", .check, "The action that looks."),
            .optional("do", .change, "The action that changes."),
            .optional("wait", .scalar(Duration.self), "Lets time pass."),
            .optional(
                "ask", .text,
                "A question to people, yes or no without `fields`: `millwright answer RUN STEP` answers it. What they fill in "
                    + "is measured, so that `warn`, `fail` and later steps can name it."),
            .optional(
                "undo", .name, "The step before this one whose work is taken back, unit by unit, the last first."),
            .optional(
                "from", .oneOrMany(.name), "Who may answer `ask`: people or groups of the estate; anybody without it."),
            .optional("within", .scalar(Duration.self), "How long an answer to `ask` is waited for; a day without it."),
            .optional("fields", .map(.table("field")), "What is to be filled in, by name."),
            .optional(
                "needs", .oneOrMany(.name),
                "The steps before it that must have ended well, and the only ones that it waits for. Without it, checks in a "
                    + "row run together, and everything else waits for all before it."),
            .optional("with", .parameters, "The action's parameters."),
            .optional(
                "target", .targetNames,
                "What it works on, by role where the action has several; without it, the only target that fits."),
            .optional("warn", .condition, "When its measurements need attention; replaces the action's own threshold."),
            .optional("fail", .condition, "When its measurements are wrong; replaces the action's own threshold."),
            .optional(
                "when", .condition, "On measurements of steps before it: it is skipped where this does not hold."),
            .optional(
                "limit", .map(.scalar(Double.self)), "The most that a change may touch in one run, such as `rows`."),
            .optional("approval", .table("approval"), "Who must agree to a change, once it is known what it would do."),
            .optional(
                "for", .scalar(Duration.self), "How long a check goes on, `every` so often: one failure ends it."),
            .optional(
                "every", .scalar(Duration.self),
                "How often a check looks that goes on `for` some time; beside `guard` how often the guard is looked at while "
                    + "the step goes on, 30 seconds without it."),
            .optional("retry", .table("retry"), "Tries again what could not be done or looked at."),
            .optional("timeout", .scalar(Duration.self), "The longest that one call of the action may take."),
            .optional(
                "guard", .oneOrMany(.name),
                "Checks that must stay well: before a change's units, between them and while they are worked on, and all "
                    + "through a `wait` or a check that goes on `for` some time. Earlier steps, or a procedure of checks."
            ),
            .optional(
                "on-failure", .scalar(OnFailure.self),
                "What follows a failure; a check goes on, a change stops. `undo` takes back what the step did and the changes "
                    + "that it stands on, the last first, except those that say `continue`."),
            .optional("for-each", .value, "Repeats the step for each item, which is `${each}` in it."),
            .optional("proof", .list(.table("proof")), "Checks that prove a change, run after it."),
            .optional(
                "disabled", .text,
                "Why it is not done yet: the step is checked with the plan, skipped in runs, and shown with this reason."
            ),
        ],
        later: [
            "run": "write the other procedure's steps here"
        ])

    public static let proof = KeyTable(
        "proof", "a proof",
        [
            .optional("id", .name, "Its name in reports; the action's name with `-` for `.` without it."),
            .optional("summary", .text, "What it is for, in a sentence."),
            .required("check", .check, "The action that looks."),
            .optional("with", .parameters, "The action's parameters."),
            .optional("target", .targetNames, "What it looks at; without it, the only target that fits."),
            .optional("warn", .condition, "When its measurements need attention."),
            .optional("fail", .condition, "When its measurements are wrong."),
            .optional("timeout", .scalar(Duration.self), "The longest that one look may take."),
        ])

    public static let retry = KeyTable(
        "retry", "a retry",
        [
            .required("times", .scalar(Int.self), "How often it is tried again."),
            .optional("wait", .scalar(Duration.self), "How long is waited before each; 10 seconds without it."),
            .optional(
                "within", .scalar(Duration.self), "How long after the step's beginning an attempt may still begin."),
        ])

    public static let approval = KeyTable(
        "approval", "an approval",
        [
            .required(
                "by", .oneOrMany(.name), "Who may agree: people or groups of the estate. Never who asked for the run."),
            .optional("count", .scalar(Int.self), "How many of them must; 1 without it."),
            .optional("within", .scalar(Duration.self), "How long is waited for them; a day without it."),
            .optional(
                "ahead", .text,
                "How long before the procedure is due they are asked, such as `2 days` or `24 hours`; without it the run "
                    + "asks when it comes to the step."),
        ],
        later: ["asked": "write `ahead: 1 day`"])

    public static let field = KeyTable(
        "field", "a field",
        [
            .optional("type", .scalar(InputType.self), "What may be filled in; a text without it."),
            .optional("summary", .text, "What it means, in a sentence."),
            .optional("required", .scalar(Bool.self), "An answer without it is no answer; yes without it."),
        ])

    public static let report = KeyTable(
        "report", "a report",
        [
            .optional("template", .scalar(ReportTemplate.self), "What it shows; `run` without it."),
            .required("formats", .oneOrMany(.scalar(ReportFormat.self)), "In which forms it is written."),
        ],
        later: ["to": "fetch the reports from where they are written"])

    public static let notice = KeyTable(
        "notice", "a notice",
        [
            .required("on", .oneOrMany(.scalar(NoticeEvent.self)), "What is told."),
            .required("to", .oneOrMany(.name), "The channels of the estate that it is told over."),
        ])

    public static let estate = KeyTable(
        "estate", "an estate",
        [
            .optional("people", .map(.table("person")), "Who answers for services or is written to, by name."),
            .optional("groups", .map(.list(.name)), "People who answer or are written to together, by name."),
            .optional("channels", .map(.channel), "Where people and watchdogs are told of runs, by name."),
            .optional("notices", .list(.table("notice")), "Who is told of the runs of every plan."),
            .optional("calendars", .map(.table("calendar")), "Holidays, by the calendar's name."),
            .optional("freezes", .map(.table("freeze")), "When nothing is changed, by name."),
            .optional(
                "actions", .map(.table("program")), "Programs that are actions of every plan, by the action's name."),
            .optional(
                "places", .list(.name),
                "From where targets can be reached: the names that nodes are given with `serve --place`."),
            .optional("policy", .table("policy"), "What no plan may loosen."),
            .optional(
                "retention", .table("retention"), "How long the journal keeps what runs saw; for ever without it."),
        ],
        later: [
            "holidays": "use `calendars`"
        ])

    public static let program = KeyTable(
        "program", "a program",
        [
            .required(
                "program", .oneOrMany(.text),
                "The program and its arguments, each an item; paths count from the file's folder. Nothing secret."),
            .optional(
                "environment", .map(.text), "Variables for it, besides PATH, HOME, LANG, TZ and their like."),
        ])

    public static let calendar = KeyTable(
        "calendar", "a calendar",
        [
            .optional("file", .text, "An iCalendar file (.ics) with the holidays, beside the estate's file."),
            .optional("days", .list(.text), "Holidays in plain words: `2026-12-24`, `24 December`."),
        ])

    public static let freeze = KeyTable(
        "freeze", "a freeze",
        [
            .required("reason", .text, "Why, for everybody who meets it."),
            .optional("from", .text, "The first day, or a time on it: `2026-12-20`, `2026-12-20 18:00`."),
            .optional("until", .text, "The last day, itself included, or a time on it."),
            .optional("begins", .schedule, "When it begins again and again, with `lasts`."),
            .optional("lasts", .scalar(Duration.self), "How long it lasts each time."),
            .optional("services", .oneOrMany(.name), "The services that it holds; all without it."),
        ])

    public static let person = KeyTable(
        "person", "a person",
        [
            .optional("name", .text, "The name in full."),
            .required("mail", .text, "The mail address."),
            .optional("user", .name, "The user of the operating system; the person's name here without it."),
        ])

    public static let policy = KeyTable(
        "policy", "a policy",
        [
            .optional(
                "limits", .map(.scalar(Double.self)), "The most that one step may touch, by what its limit counts."),
            .optional("longest-timeout", .scalar(Duration.self), "The longest timeout that a step may have."),
            .optional("longest-window", .scalar(Duration.self), "The longest that a window may stay open."),
            .optional("window-from", .scalar(WindowRule.self), "From which impact on a step needs a window."),
            .optional("highest-impact", .scalar(ImpactRule.self), "The highest impact that a step may have."),
            .optional(
                "disruptive-at-once", .scalar(Int.self),
                "How many disruptive runs `serve` lets go on at once, over all services; without it those of different "
                    + "services do not wait for each other."),
        ],
        later: ["approvals": "give the steps an `approval`"])

    public static let planPolicy = KeyTable(
        "plan-policy", "a plan's policy",
        [
            .optional(
                "disruptive-at-once", .scalar(Int.self),
                "How many disruptive runs go on at once, over all services, while one of this service does, itself "
                    + "included; never more than the estate allows.")
        ])

    public static let retention = KeyTable(
        "retention", "a retention",
        [
            .optional(
                "runs", .scalar(Duration.self),
                "How long the records of a run are kept after its end; its verdict and its signed end stay."),
            .optional(
                "evidence", .scalar(Duration.self),
                "How long what it saw is kept beside its records; as long as these without it."),
        ])

    public static let all = [
        plan, environment, window, procedure, clockChange, catchUp, input, step, approval, field, proof, retry, report,
        notice, estate, person, calendar, freeze, program, policy, planPolicy, retention,
    ]
}
