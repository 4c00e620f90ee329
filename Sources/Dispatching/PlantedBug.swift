/// Mistakes that the simulation plants, to see itself find them. Outside of it none is ever set.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A recovered run is begun again although it exists.
    case beginsRecoveredRuns
    /// A recovered intent without a run counts as running.
    case losesRecoveredIntents
    /// An edited schedule is searched from the last occurrence, not from the edit.
    case replaysOnEdit
    /// An edit passes over what was due by the old schedule.
    case skipsOnEdit
    /// A resumed procedure passes over its next occurrence.
    case skipsOnResume
    /// What passed in a pause is made up for unasked.
    case replaysPause
    /// A window gates the begin alone.
    case ignoresBudget
    /// A hold on a target holds nothing.
    case ignoresTargetHold
    /// Recovered runs have no locks.
    case forgetsLocksOfRecovered
    /// Any end that is told ends the run in hand.
    case takesAnyEnd
    /// The queue has no bound.
    case queuesWithoutBound
    /// A clock that was put back takes the cursor with it.
    case followsClockBack
    /// A clock that was put forward passes over what is due, without a row.
    case forgetsOverClockJump
    /// Catch-up has no cap.
    case catchesUpUncapped
    /// What the last one stands for gets no row.
    case dropsSuperseded
    /// Locks go to whoever is looked at first.
    case ignoresOrder
    /// The limit of disruptive runs is one too high.
    case limitsOneTooMany
    /// Only the limit of the run that begins counts.
    case forgetsLimitsOfRunning
    /// A row of many counts once.
    case countsRowsOnly
    /// A changed zone leaves the cursor's local time behind.
    case replaysOnZoneChange
    /// Identities of events are forgotten in a crash.
    case forgetsTriggers
    /// Jitter is not waited for.
    case ignoresJitter
    /// A failed begin is not tried again.
    case forgetsRetry
    /// After a run the next look is not arranged.
    case forgetsTimer
    /// A time of a fact has an occurrence whenever it is told.
    case repeatsFacts
    /// A fact that comes while a run of its procedure goes on is dropped.
    case forgetsFactsBehindRuns
    /// A start counts the period of an agreement anew.
    case restartsAgreements
    /// What waits is left when its procedure leaves the plan.
    case forgetsRemoved
}
