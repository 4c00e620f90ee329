import Maintenance

/// A step as it stands in the file: references, names and conditions are not looked at yet.
struct StepSource: Sendable {
    let id: Located<String>
    /// The action's name; of a step without one the word for what it is.
    let action: Located<String>
    let isDo: Bool
    /// `nil` where it calls an action.
    var kind: StepKindSource?
    let summary: Located<String>?
    let with: PlanNode?
    let target: TargetNames?
    let warn: Located<String>?
    let fail: Located<String>?
    let when: Located<String>?
    let limit: PlanNode?
    let retry: RetrySource?
    let timeout: PlanNode?
    let guards: [Located<String>]
    let onFailure: Located<OnFailure>?
    let forEach: PlanNode?
    let proof: [StepSource]
    let disabled: Located<String>?
    var needs: [Located<String>]?
    var isFinal = false
    var soak: SoakSource?
    var approval: ApprovalSource?
    let position: Position

    /// It is an `undo`.
    var takesBack: Bool { if case .undo? = kind { true } else { false } }

    /// It goes on for a while, so that a guard can watch it.
    var goesOn: Bool {
        if case .wait? = kind { return true }
        return isDo || soak != nil
    }
}

/// What a step without an action is.
enum StepKindSource: Sendable {
    case wait(PlanNode)
    case ask(QuestionSource)
    case undo(Located<String>)
}

struct QuestionSource: Sendable {
    let text: Located<String>
    let from: [Located<String>]
    let within: PlanNode?
    let fields: [RunField]
}

struct ApprovalSource: Sendable {
    let by: [Located<String>]
    let count: PlanNode?
    let within: PlanNode?
    let ahead: Located<String>?
    let position: Position
}

/// Half of it is a mistake, which is reported when the step is planned.
struct SoakSource: Sendable {
    let lasts: PlanNode?
    let every: PlanNode?
}

/// What a step says it works on.
enum TargetNames: Sendable {
    case lone(Located<String>)
    case byRole([String: Located<String>], Position)

    var position: Position {
        switch self {
        case .lone(let name): name.position
        case .byRole(_, let position): position
        }
    }
}

struct RetrySource: Sendable {
    let times: PlanNode?
    let wait: PlanNode?
    let within: PlanNode?
}
