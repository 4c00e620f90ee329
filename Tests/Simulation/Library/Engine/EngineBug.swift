/// Mistakes that the simulation plants into its performer, its store and its nodes, or between the machine and its events,
/// to see itself find them. The list was written before the first of them was looked for.
package enum EngineBug: String, CaseIterable, Sendable {
    /// Commands are performed while their events are still being written.
    case performsBeforeDurable
    /// What an effect says of itself is believed, and nobody looks.
    case trustsTheWord
    /// An error of an effect means that nothing was done, and nobody looks.
    case trustsTheError
    /// A takeover does again what was in hand.
    case recoveryRepeats
    /// A takeover goes on with nothing.
    case recoveryForgets
    /// A takeover takes what was in hand for done.
    case recoveryAssumes
    /// A takeover hands out what the dead process had handed out.
    case replayHandsOut
    /// The store takes what anybody writes.
    case storeIgnoresFences
    /// A lease that is given anew keeps its token, and the store compares nothing else.
    case tokenStays
    /// A node goes on when its lease is over.
    case outlivesLease
    /// A node measures its lease by the wall clock.
    case leaseByWallClock
    /// A lease is given away before its time is over.
    case leaseGivenEarly
    /// Nobody takes over what a dead node left.
    case neverTakesOver
    /// Holds are not read before an effect.
    case ignoresHold
    /// Holds are not looked at while an effect is under way.
    case ignoresHoldMeanwhile
    /// The machine is told the time at which its run began.
    case windowForgotten
    /// What is to be taken back is taken back first first.
    case undoesForwards
    /// With a failed step only its own work is taken back.
    case takesBackOwnOnly
    /// Of the steps that are taken back the first goes first.
    case takesBackForwards
    /// What was taken back is believed to be gone, and nobody looks.
    case trustsTheUndo
    /// What is to be taken back is, also where an earlier attempt has done it.
    case undoesUnseen
    /// While a step goes on its guard is always well.
    case watchIgnored
    /// Every guard is well.
    case guardIgnored
    /// A guard is looked at once a step.
    case guardOnce
    /// A check that could not look found nothing wrong.
    case couldNotLookPasses
    /// A probe that could not look saw nothing in place.
    case blindMeansPending
    /// A probe takes work that still runs for none.
    case runningMeansPending
    /// After an append that failed the run goes on as if it had not.
    case failedAppendCounts
    /// After an append of which nothing was heard the same is appended again.
    case unheardAppendedAgain
    /// What was appended together is stored in another order.
    case batchReversed
    /// The store takes a second run of one occurrence.
    case occurrenceTwice
    /// A takeover sends again what was being sent.
    case sendsAgain
    /// What a receiver lost is said to have failed.
    case lostMeansFailed
    /// A run that only looks works all the same.
    case observeOnlyForgotten
    /// Whatever people agree to counts for what is proposed.
    case agreesToAnything
    /// A dispatcher that takes over knows no locks.
    case forgetsLocks
    /// A run is begun by whoever was about to, also when another dispatches meanwhile.
    case beginsUnfenced
    /// Nobody hears when somebody asks a run to stop.
    case cancelForgotten
    /// A run that the store turned away is not begun again.
    case interruptedForgotten
    /// Of what was written together in a crash only the last half is kept.
    case tornAppendKept
}
