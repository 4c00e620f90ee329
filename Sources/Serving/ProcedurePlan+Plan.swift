public import Dispatching
import Engine
public import Maintenance
public import Plans
import Schedules

extension Plan {
    /// What the dispatcher needs to know of the plan's procedures, one for each environment. A procedure without a
    /// schedule is left out, and so is one that cannot be run as it stands: its mistakes were told when the plan was read.
    public func dispatched(_ catalogue: Catalogue) -> [ProcedurePlan] {
        procedures.flatMap { procedure in
            environments.flatMap { environment -> [ProcedurePlan] in
                guard let source = source(of: procedure) else { return [] }
                let key = ProcedureKey(service: service, environment: environment, procedure: procedure.name)
                if procedure.hangsOn?.isAgreement == true {
                    // People begin it, with the inputs that it needs: it is only watched.
                    return [ProcedurePlan(key, source, isEnabled: procedure.dispatching.disabled == nil, zone: zone)]
                }
                guard let run = try? runnable(procedure: procedure.name, environment: environment, catalogue: catalogue)
                else { return [] }
                var plan = procedurePlan(procedure, run, key, source)
                plan.isDisruptive = run.isDisruptive(catalogue)
                return [plan, asking(procedure, run)].compactMap { $0 }
            }
        }
    }

    /// The occurrences at which people are asked ahead. They need nothing for themselves, and are no use once the procedure
    /// is due.
    private func asking(_ procedure: Procedure, _ run: RunPlan) -> ProcedurePlan? {
        guard let asking = procedure.asking, !run.stepsAskedAhead.isEmpty else { return nil }
        let key = ProcedureKey(service: run.service, environment: run.environment, procedure: asking.name)
        // One that asks until the procedure is due ends where the next begins, at the latest.
        return ProcedurePlan(
            key, .schedule(asking.schedule, zone), isEnabled: procedure.dispatching.disabled == nil, zone: zone,
            overlap: .queue(1), lateness: asking.lead)
    }

    private func source(of procedure: Procedure) -> OccurrenceSource? {
        if let precedent = procedure.precedent { return .triggered(by: "after \(precedent)") }
        if let occasion = procedure.hangsOn { return .relative(occasion, zone) }
        let opens = procedure.beginsWithWindow ? procedure.window.flatMap { windows[$0]?.window.opens } : nil
        return (procedure.schedule ?? opens).map { .schedule($0, zone) }
    }

    private func procedurePlan(
        _ procedure: Procedure, _ run: RunPlan, _ key: ProcedureKey, _ source: OccurrenceSource
    ) -> ProcedurePlan {
        let how = procedure.dispatching
        let hours = workingHours(of: run)
        let changes = run.steps.filter { $0.isChange && $0.disabled == nil }
        let mode: CatchUp.Mode =
            switch how.catchUp {
            case .all: .all
            case .last: .last
            case .none: .none
            }
        let overlap: Overlap =
            switch how.overlap {
            case .skip: .skip
            case .queue: .queue(1)
            case .replace: .replace
            }
        let late =
            procedure.hangsOn != nil
            ? ServingLimits.factLateness
            : procedure.beginsWithWindow ? procedure.window.flatMap { windows[$0]?.window.lasts } : nil
        return ProcedurePlan(
            key, source, isEnabled: how.disabled == nil, windows: hours.windows,
            freezes: hours.freezes, zone: zone, expected: how.expected ?? .zero,
            catchUp: CatchUp(
                mode, cap: how.atMost ?? DispatchLimits.caughtUp, spread: how.spread, afterPause: how.afterPause),
            overlap: overlap, jitter: how.jitter, lateness: how.within ?? late ?? DispatchLimits.lateness,
            priority: how.priority,
            locks: Set(changes.flatMap(\.targets.values)).sorted().map { "\(key.service)/\($0)" },
            disruptiveAtOnce: disruptiveAtOnce ?? .max)
    }
}

extension RunPlan {
    /// Users may notice one of its changes, or nobody can say yet: its parameters hold references.
    fileprivate func isDisruptive(_ catalogue: Catalogue) -> Bool {
        steps.contains { step in
            guard step.isChange, step.disabled == nil, let action = catalogue.actions[step.action] else { return false }
            return StepProfile(step, action).impact >= .disruptive
        }
    }
}
