public import Dispatching
public import Maintenance
public import Plans
import Schedules

extension Plan {
    /// What the dispatcher needs to know of the plan's procedures, one for each environment. A procedure without a
    /// schedule is left out, and so is one that cannot be run as it stands: its mistakes were told when the plan was read.
    public func dispatched(
        _ catalogue: Catalogue, expecting: (ProcedureKey) -> Duration? = { _ in nil }
    ) -> [ProcedurePlan] {
        procedures.flatMap { procedure in
            environments.compactMap { environment in
                guard let source = source(of: procedure),
                    let run = try? runnable(procedure: procedure.name, environment: environment, catalogue: catalogue)
                else { return nil }
                let key = ProcedureKey(service: service, environment: environment, procedure: procedure.name)
                return procedurePlan(procedure, run, key, source, expecting(key))
            }
        }
    }

    private func source(of procedure: Procedure) -> OccurrenceSource? {
        if let precedent = procedure.precedent { return .triggered(by: "after \(precedent)") }
        let opens = procedure.beginsWithWindow ? procedure.window.flatMap { windows[$0]?.window.opens } : nil
        return (procedure.schedule ?? opens).map { .schedule($0, zone) }
    }

    /// The procedures that follow the end of another one.
    public func followers(of key: ProcedureKey) -> [ProcedureKey] {
        procedures.filter { $0.precedent == key.procedure && $0.dispatching.disabled == nil }.map {
            ProcedureKey(service: key.service, environment: key.environment, procedure: $0.name)
        }
    }

    private func procedurePlan(
        _ procedure: Procedure, _ run: RunPlan, _ key: ProcedureKey, _ source: OccurrenceSource, _ past: Duration?
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
        let late = procedure.beginsWithWindow ? procedure.window.flatMap { windows[$0]?.window.lasts } : nil
        return ProcedurePlan(
            key, source, isEnabled: how.disabled == nil, windows: hours.windows,
            freezes: hours.freezes, zone: zone, expected: how.expected ?? past ?? .zero,
            catchUp: CatchUp(
                mode, cap: how.atMost ?? DispatchLimits.caughtUp, spread: how.spread, afterPause: how.afterPause),
            overlap: overlap, jitter: how.jitter, lateness: how.within ?? late ?? DispatchLimits.lateness,
            priority: how.priority,
            locks: Set(changes.flatMap(\.targets.values)).sorted().map { "\(key.service)/\($0)" },
            isDisruptive: run.window != nil && !changes.isEmpty)
    }
}
