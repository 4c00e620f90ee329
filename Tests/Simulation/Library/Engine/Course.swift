import Maintenance

/// What was really seen in a run, and how far it came: the model that its events are held against.
struct Course {
    /// The last look of a check, as the target was.
    var lastLooks: [String: Verdict] = [:]
    /// The looks that were recorded: the last of a check, the worst of one that goes on.
    var looks: [String: Verdict] = [:]
    /// The last look at a guard.
    var guards: [String: Verdict] = [:]
    /// The last look at a unit that could see it; none while it was being worked on.
    var probes: [UnitKey: Targets.State] = [:]
    /// Steps whose guard was looked at since its last word was recorded.
    var guardsLookedAt: Set<String> = []
    /// Steps whose guard is to be looked at before anything is begun.
    var guardsOwed: Set<String> = []
    /// The last look at a guard while its step went on.
    var watched: [String: Verdict] = [:]
    /// The worst of those that were recorded.
    var worstWatched: [String: Verdict] = [:]
    /// The steps in the order in which they were begun.
    var order: [String] = []
    /// What the run put into place itself.
    var made: Set<UnitKey> = []
    /// Somebody asked the run to stop.
    var isStopped = false
    /// The place of the last unit that was begun.
    var begun: [String: Int] = [:]
    /// The place of the last unit that was to be taken back.
    var undone: [String: Int] = [:]
    /// Who agreed, by step and digest.
    var agreed: [String: Set<String>] = [:]
    /// How many units were proposed, by step and digest.
    var proposed: [String: Int] = [:]
    /// Questions that were answered by somebody who was asked.
    var answered: Set<String> = []
}
