public import Host
public import Maintenance

/// One rule that a program was held to, and what came of it.
public struct ConformanceRow: Sendable {
    public enum Outcome: Hashable, Sendable {
        case held
        case notHeld(String)
        /// It does not concern this program, or could not be tried with what was given.
        case notTried(String)
    }

    public let rule: String
    public let summary: String
    public let outcome: Outcome
}

/// Holds a program to the protocol: what every action owes to the engine, tried for real on the targets that are given.
public struct ConformanceSuite: Sendable {
    let arguments: [String]
    /// Which of its actions; `nil` where it has one.
    let action: String?
    let folder: String
    let parameters: PlanValue?
    let targets: StepTargets
    let host: Host
    /// The rules that are tried; all without it.
    var only: Set<String>?

    /// - Parameters:
    ///   - folder: The folder that paths among the arguments count from.
    ///   - parameters: As a plan gives them; the description's example without them.
    public init(
        _ arguments: [String], action: String?, folder: String, parameters: PlanValue?, targets: StepTargets,
        host: Host
    ) {
        self.arguments = arguments
        self.action = action
        self.folder = folder
        self.parameters = parameters
        self.targets = targets
        self.host = host
    }

    /// Every rule in order. A change is made for real, killed, repeated and, where it can be, taken back.
    public func run(_ tell: (ConformanceRow) -> Void = { _ in }) async -> [ConformanceRow] {
        var rows: [ConformanceRow] = []
        func note(_ rule: ConformanceRule, _ outcome: ConformanceRow.Outcome) {
            let row = ConformanceRow(rule: rule.name, summary: rule.summary, outcome: outcome)
            rows.append(row)
            tell(row)
        }
        let session: ConformanceSession
        do {
            session = try await ConformanceSession(self)
            note(.describe, .held)
        } catch {
            note(.describe, .notHeld(Cause(error).sentence))
            return rows
        }
        let rules =
            session.change == nil
            ? ConformanceRule.talking + ConformanceRule.looking
            // The first preview must be looked at before any other was made.
            : [ConformanceRule.previewing] + ConformanceRule.talking + ConformanceRule.changing
        for rule in rules where only?.contains(rule.name) ?? true {
            note(rule, await Self.outcome(of: rule, session))
        }
        return rows
    }

    private static func outcome(
        of rule: ConformanceRule, _ session: ConformanceSession
    ) async -> ConformanceRow.Outcome {
        do {
            try await rule.test(session)
            return .held
        } catch let error as NotTried {
            return .notTried(error.why)
        } catch let error as NotHeld {
            return .notHeld(error.why)
        } catch {
            return .notHeld(Cause(error).sentence)
        }
    }
}

/// A rule of the protocol, and how it is tried. What it throws says why it does not hold.
struct ConformanceRule: Sendable {
    let name: String
    let summary: String
    let test: @Sendable (ConformanceSession) async throws -> Void

    init(_ name: String, _ summary: String, _ test: @escaping @Sendable (ConformanceSession) async throws -> Void) {
        self.name = name
        self.summary = summary
        self.test = test
    }
}

struct NotHeld: Error {
    let why: String
}

struct NotTried: Error {
    let why: String
}
