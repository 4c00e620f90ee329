public import Maintenance

/// The actions on Kubernetes.
public enum KubernetesActions {
    public static let all: [ActionDefinition] = [
        .check(KubernetesPods.self),
        .check(LogsErrors.self),
        .check(KubernetesDisk.self),
        .change(RolloutRestart.self),
        .change(JobFromCronJob.self),
        .change(RunJob.self),
    ]
}
