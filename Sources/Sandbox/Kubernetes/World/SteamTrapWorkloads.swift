/// The objects of STEAMTRAP's cluster, as its manifests would make them.
enum SteamTrapWorkloads {
    static let namespace = "greenlang-gl008"
    static let staging = "greenlang-staging"
    static let version = "v2.4.2"
    static let password = "correct-horse-battery-staple"

    struct App: Sendable {
        let name: String
        let replicas: Int
        var image: String
        var port: Int
        /// A claim and where it is mounted.
        var volume: (claim: String, size: String, path: String)?
    }

    /// 17 pods.
    static let apps: [App] = [
        App(
            name: "steam-trap-inspector", replicas: 4, image: "greenlang/steam-trap-inspector:\(version)", port: 8080,
            volume: ("inspection-archive", "50Gi", "/data")),
        App(name: "worker", replicas: 4, image: "greenlang/worker:\(version)", port: 9100),
        App(name: "api-gateway", replicas: 3, image: "greenlang/api-gateway:\(version)", port: 8443),
        App(name: "sensor-gateway", replicas: 3, image: "greenlang/sensor-gateway:\(version)", port: 1883),
        App(
            name: "ml-service", replicas: 2, image: "greenlang/ml-service:\(version)", port: 8081,
            volume: ("ml-models", "20Gi", "/models")),
        App(name: "redis", replicas: 1, image: "redis:7.2", port: 6379, volume: ("redis-data", "10Gi", "/data")),
    ]

    static var expectedPods: Int { apps.map(\.replicas).reduce(0, +) }

    static func deployment(_ app: App, replicas: Int? = nil) -> JSON {
        var container: JSON = [
            "name": .string(app.name), "image": .string(app.image), "ports": [["containerPort": .int(app.port)]],
            "resources": [
                "requests": ["cpu": "100m", "memory": "256Mi"], "limits": ["memory": "1Gi"],
            ],
            "readinessProbe": ["httpGet": ["path": "/health", "port": .int(app.port)], "periodSeconds": 10],
        ]
        var spec: JSON = .emptyObject
        if let volume = app.volume {
            container["volumeMounts"] = [["name": "data", "mountPath": .string(volume.path)]]
            spec["volumes"] = [["name": "data", "persistentVolumeClaim": ["claimName": .string(volume.claim)]]]
        }
        if app.name == "steam-trap-inspector" {
            container["env"] = [
                [
                    "name": "DB_URL",
                    "valueFrom": ["secretKeyRef": ["name": "db-credentials", "key": "url"]],
                ],
                ["name": "ML_MODEL_VERSION", "value": "20261101"],
            ]
        }
        spec["containers"] = [container]
        return [
            "metadata": [
                "name": .string(app.name),
                "labels": ["app": .string(app.name), "app.kubernetes.io/part-of": "gl-008"],
            ],
            "spec": [
                "replicas": .int(replicas ?? app.replicas), "selector": ["matchLabels": ["app": .string(app.name)]],
                "template": ["metadata": ["labels": ["app": .string(app.name)]], "spec": spec],
            ],
        ]
    }

    static func service(_ app: App) -> JSON {
        [
            "metadata": ["name": .string(app.name), "labels": ["app": .string(app.name)]],
            "spec": [
                "selector": ["app": .string(app.name)],
                "ports": [["name": "main", "port": .int(app.port), "targetPort": .int(app.port)]],
            ],
        ]
    }

    static func claim(_ volume: (claim: String, size: String, path: String)) -> JSON {
        [
            "metadata": ["name": .string(volume.claim)],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                "resources": ["requests": ["storage": .string(volume.size)]],
            ],
        ]
    }

    static func cronJob(_ name: String, schedule: String, image: String, _ command: [String]) -> JSON {
        [
            "metadata": ["name": .string(name), "labels": ["app": .string(name)]],
            "spec": [
                "schedule": .string(schedule), "concurrencyPolicy": "Forbid",
                "jobTemplate": [
                    "spec": [
                        "backoffLimit": 0,
                        "template": [
                            "metadata": ["labels": ["app": .string(name)]],
                            "spec": [
                                "restartPolicy": "Never",
                                "containers": [
                                    [
                                        "name": .string(name), "image": .string(image),
                                        "command": .array(command.map(JSON.string)),
                                        "resources": ["requests": ["cpu": "100m", "memory": "256Mi"]],
                                    ]
                                ],
                            ],
                        ],
                    ]
                ],
            ],
        ]
    }

    static let cronJobs: [JSON] = [
        cronJob(
            "ml-model-retraining", schedule: "0 2 1 * *", image: "greenlang/ml-trainer:latest",
            ["python", "train.py", "--data", "/data/training_data.csv"]),
        cronJob("database-backup", schedule: "0 3 * * *", image: "postgres:15", ["/scripts/backup.sh"]),
    ]

    static func credentials(password: String) -> JSON {
        func coded(_ text: String) -> JSON { .string(Base64.encode(Array(text.utf8))) }
        return [
            "metadata": ["name": "db-credentials"], "type": "Opaque",
            "data": [
                "username": coded("greenlang_app"), "password": coded(password),
                "url": coded("postgresql://greenlang_app:\(password)@postgresql.database.svc.cluster.local/greenlang"),
            ],
        ]
    }
}
