public import ClientKubernetes
public import Maintenance

extension KubernetesPods: ProposingAction {
    /// As many pods as are wanted now: a workload that disappears is noticed then.
    public func proposals(_ access: KubernetesAccess, in context: Context) async throws -> [Proposal] {
        let seen = try await observe(access, in: context)
        guard let desired = seen.measurements.first(where: { $0.name == "desired" })?.value, desired > 0 else {
            return []
        }
        let expected = Int(exactly: desired) ?? 0
        return [
            Proposal(
                parameters: [.init("expected", .text("\(expected)"))],
                thresholds: Thresholds(warn: "ready < \(expected)", fail: "ready < \(max(1, expected - 2))"),
                notes: [seen.summary])
        ]
    }
}

extension RolloutRestart: ProposingAction {
    public func proposals(_ access: KubernetesAccess, in context: Context) async throws -> [Proposal] {
        let running = try await access.list(.deployments).objects.filter {
            ($0["spec", "replicas"]?.asNumber ?? 1) > 0 && $0["spec", "paused"] != .bool(true)
        }
        guard !running.isEmpty else { return [] }
        let names = running.map(\.name).sorted()
        return [
            Proposal(
                parameters: [.init("deployments", .list(names.map { .text($0) }))],
                notes: ["Deployments that run now: \(names.joined(separator: ", "))"])
        ]
    }
}

extension JobFromCronJob: ProposingAction {
    /// One for each CronJob: run from a plan, its outcome is awaited and told.
    public func proposals(_ access: KubernetesAccess, in context: Context) async throws -> [Proposal] {
        try await access.list(.cronJobs).objects.sorted { $0.name < $1.name }.map { cronJob in
            let schedule = cronJob["spec", "schedule"]?.asText ?? "unknown"
            let suspended = cronJob["spec", "suspend"] == .bool(true) ? ", suspended now" : ""
            return Proposal(
                name: cronJob.name, parameters: [.init("cronjob", .text(cronJob.name))],
                notes: ["Could replace the CronJob's own schedule, \(schedule)\(suspended)."])
        }
    }
}
