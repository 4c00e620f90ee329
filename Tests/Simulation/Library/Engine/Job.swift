import Engine
import Host
import Maintenance
import Plans

/// A command that is being performed, stage by stage.
final class Job {
    enum Stage {
        /// To be begun, or looked at.
        case begin
        /// An effect is under way.
        case working
        /// What came of it is looked at.
        case probing
    }

    let id: Int
    let process: Process
    let run: RunInHand
    let command: RunCommand
    let begunAt: Instant
    var stage = Stage.begin
    /// Of the stage.
    var deadline: Instant
    var effect: Int?
    var error: Cause?
    var isFailure = false
    /// Before the effect it could not be looked whether an earlier attempt had it.
    var isBlind = false
    /// The process was frozen between its last check and the effect.
    var isPastChecks = false

    init(_ id: Int, _ process: Process, _ run: RunInHand, _ command: RunCommand, at now: Instant) {
        self.id = id
        self.process = process
        self.run = run
        self.command = command
        begunAt = now
        deadline = now
    }

    func plan(_ id: String) -> RunStep? { run.start.plan.steps.first { $0.id == id } }

    /// What a step takes back is another's.
    func key(_ step: String, _ unit: WorkUnit) -> UnitKey {
        guard case .undo(let other)? = plan(step)?.kind else {
            return UnitKey(run: run.id, step: step, unit: unit.id)
        }
        return UnitKey(run: run.id, step: other, unit: unit.id)
    }

    func isProvenElsewhere(_ step: String) -> Bool { run.start.profiles[step]?.isProvenElsewhere == true }
}
