public import Maintenance
public import Schedules

/// A service's maintenance, read and found right.
public struct Plan: Sendable {
    public let service: String
    public let owner: String?
    public let timezone: String
    public let zone: Zone
    /// The estate's, and under the empty name the plan's own.
    public let calendars: [String: HolidayCalendar]
    public let windows: [String: PlanWindow]
    /// In the order of the file.
    public let procedures: [Procedure]
    public let notices: [NoticeRule]
    public let estate: Estate?
    /// Disruptive runs at once, over all services, while one of this service goes on; `nil` for as many as there are.
    public let disruptiveAtOnce: Int?
    /// Programs that are actions here, the estate's first.
    public let programs: [ActionProgram]
    public let file: String
    /// SHA-256 of the plan's and the estate's bytes.
    public let digest: String
    /// In the order of the file; `default` where the plan names none.
    public var environments: [String] { environmentSources.map(\.name) }

    let targets: [TargetSource]
    let environmentSources: [EnvironmentSource]
    let position: Position

    public func procedure(_ name: String) -> Procedure? { procedures.first { $0.name == name } }

    /// When a run may work: in its own window, in those of the targets that it changes, and while nothing is frozen.
    public func workingHours(of run: RunPlan) -> WorkingHours {
        let changed = Set(run.steps.filter { $0.isChange && $0.disabled == nil }.flatMap(\.targets.values))
        let held = windows.values.filter { $0.name == run.window?.name || !$0.targets.isDisjoint(with: changed) }
        let frozen = changed.isEmpty ? [] : estate?.freezes.filter { $0.concerns(service) } ?? []
        return WorkingHours(
            windows: held.sorted { $0.name < $1.name }.map(\.window), freezes: frozen.map(\.freeze), in: zone)
    }
}

/// When work that users may notice is agreed to be done.
public struct PlanWindow: Sendable {
    public let name: String
    /// The schedule as the plan writes it.
    public let opensText: String
    public let window: Window
    public let end: WindowEnd
    /// Work on these targets is held to this window, whatever the procedure; by name.
    public let targets: Set<String>
}

/// What is done, and when.
public struct Procedure: Sendable {
    public let name: String
    public let summary: String?
    /// When it is to happen; `nil` where it is run by hand or begins with its window.
    public internal(set) var occasion: Occasion?
    let occasionPosition: Position?
    public let dispatching: Dispatching
    /// The schedule as the plan writes it; of a procedure that begins with its window, the window's.
    public let scheduleText: String?
    /// The window that it obeys.
    public let window: String?
    /// It begins when its window opens.
    public let beginsWithWindow: Bool
    public let inputs: [Input]
    public let reports: [RunReport]
    public let notices: [NoticeRule]
    /// By environment.
    public let heartbeat: [String: RunHeartbeat]
    /// How people are asked before it is due; `nil` where no step says so.
    public internal(set) var asking: AskingAhead?

    /// What must stay well while its steps go on.
    let guards: [Located<String>]
    let steps: [StepSource]
    /// Run at the end, whatever came of the steps.
    let finalSteps: [StepSource]
    let position: Position

    /// The schedule that it has, or that what it is relative to comes to.
    public var schedule: Schedule? {
        if case .schedule(let schedule)? = occasion { schedule } else { nil }
    }

    /// The procedure whose end it follows.
    public var precedent: String? {
        guard case .relative(let relative)? = occasion, case .after(let name) = relative.kind else { return nil }
        return name
    }

    /// The fact, the event or the agreement that it hangs on.
    public var hangsOn: RelativeOccasion? {
        guard case .relative(let relative)? = occasion, relative.topic != nil else { return nil }
        return relative
    }

    /// How its occurrences are kept.
    public struct Dispatching: Hashable, Sendable {
        public var catchUp = CatchUpRule.last
        /// Of `all`, the newest so many; `nil` for as many as the dispatcher allows.
        public var atMost: Int?
        public var spread = Duration.zero
        /// How late an occurrence may begin.
        public var within: Duration?
        public var afterPause = false
        public var overlap = OverlapRule.skip
        public var jitter = Duration.zero
        public var expected: Duration?
        public var priority = 0
        /// Why it is not scheduled.
        public var disabled: String?
    }

    /// What is given to a run.
    public struct Input: Hashable, Sendable {
        public let name: String
        public let type: InputType
        public let defaultValue: PlanValue?
        public let summary: String?
    }
}

/// A target as it stands in the file.
struct TargetSource: Sendable {
    let name: String
    let kind: String
    let settings: PlanNode
    let position: Position
}

struct EnvironmentSource: Sendable {
    let name: String
    let targets: [TargetSource]
    /// From where its targets can be reached.
    var place: String?
    let position: Position
}
