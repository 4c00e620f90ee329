import Host
package import Maintenance

/// Outcomes as a simulation makes them, which performs commands without actions and keeps no bodies.
extension CheckOutcome {
    package init(attempt: Int, _ seen: Result<Observation, CouldNotLook>) {
        self.init(attempt: attempt, seconds: 0)
        switch seen {
        case .success(let observation): self.observation = observation
        case .failure(let error): couldNotLook = error.cause
        }
    }
}

extension PreviewOutcome {
    package init(_ seen: Result<Preview, CouldNotLook>, atPace pace: Double) {
        self.init(pace: pace)
        switch seen {
        case .success(let preview): self.preview = preview
        case .failure(let error): couldNotLook = error.cause
        }
    }
}

extension UnitIntent {
    package init(_ baseline: String, found before: ChangeState) {
        self.init(baseline: baseline, before: before)
    }
}

extension ChecksOutcome {
    package init(_ verdict: Verdict, because cause: Cause?) {
        self.init(verdict: verdict, cause: cause)
    }
}

extension UnitOutcome {
    package init(_ state: ChangeState, after error: Cause?, isFailure: Bool, took: Duration) {
        self.init(state: state, error: error, isFailure: isFailure, seconds: took.inSeconds)
    }
}

extension DeliveryAttempt {
    package init(_ attempt: Int, _ outcome: DeliveryOutcome) {
        self.init(attempt: attempt, outcome: outcome, seconds: 0)
    }
}

extension StepProfile {
    package init(thresholds: Thresholds, impact: Impact, timeout: Duration, isProvenElsewhere: Bool, canUndo: Bool) {
        self.init(
            thresholds: thresholds, aggregates: [:], sums: [:], impact: impact,
            timeoutMicroseconds: timeout.microseconds,
            isProvenElsewhere: isProvenElsewhere, canRepair: !isProvenElsewhere, canUndo: canUndo)
    }
}
