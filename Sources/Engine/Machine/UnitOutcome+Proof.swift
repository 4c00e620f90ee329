package import Maintenance

extension UnitOutcome {
    /// The plan's proof speaks for a change that cannot see its own effect, and says of itself only `own`. It does not say
    /// that this run brought the effect about: where that is in doubt, the doubt stays as a warning.
    package mutating func prove(_ unit: WorkUnit, by seen: ChecksOutcome, _ own: Cause) {
        let cause = seen.cause ?? Cause(.unexpected, "The proof gave no cause.")
        switch seen.verdict {
        case .pass, .warn:
            var proof = Proof("\(unit.title): done, and its proof was seen")
            if seen.verdict == .warn { proof.findings.append(Finding(unit.title, .warn, cause)) }
            if let doubt = error ?? (own.code == .nobodyLooked ? nil : own) {
                proof.summary = "\(unit.title): its proof was seen"
                proof.findings.append(Finding(unit.title, .warn, doubt))
            }
            state = .applied(proof)
        case .fail:
            state = .pending
            error = error ?? Cause(.rejected, "It ran, and its proof failed: \(cause.sentence)")
            isFailure = true
        case .unknown:
            state = .unknown(cause)
        }
    }
}
