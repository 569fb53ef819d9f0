{{- define "peer.labels" -}}
app: {{ .app }}
app.kubernetes.io/name: {{ .app }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: {{ .root.Values.platform }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "peer.metadata" -}}
metadata:
  name: {{ .app }}{{ .suffix }}
  namespace: {{ .root.Values.platform }}-{{ .plane }}
  labels:
    {{- include "peer.labels" . | nindent 4 }}
{{- end }}

{{- define "peer.account" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "peer.metadata" . }}
automountServiceAccountToken: false
{{- end }}

{{- define "peer.service" -}}
apiVersion: v1
kind: Service
{{ include "peer.metadata" . }}
spec:
  {{- if .headless }}
  clusterIP: None
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    app: {{ .app }}
  ports:
    {{- range $name, $number := .values.ports }}
    - name: {{ $name }}
      port: {{ $number }}
      targetPort: {{ $name }}
      protocol: TCP
    {{- end }}
{{- end }}

{{- define "peer.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "peer.metadata" . }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: {{ .app }}
{{- end }}

{{- define "peer.settings" -}}
apiVersion: v1
kind: ConfigMap
{{ include "peer.metadata" . }}
data:
  {{- range $key, $value := .values.settings }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end }}

{{- define "peer.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "peer.metadata" . }}
spec:
  podSelector:
    matchLabels:
      app: {{ .app }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- $root := .root }}
    {{- $ports := .values.ports }}
    {{- range .values.from }}
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ $root.Values.platform }}-{{ .plane }}
          podSelector:
            matchLabels:
              app: {{ .app }}
      ports:
        {{- range $ports }}
        - port: {{ . }}
          protocol: TCP
        {{- end }}
    {{- end }}
  egress:
    {{- range list "data" "system" }}
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ $root.Values.platform }}-{{ . }}
    {{- end }}
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
{{- end }}

{{- define "peer.pod" -}}
serviceAccountName: {{ .app }}
automountServiceAccountToken: false
enableServiceLinks: false
priorityClassName: {{ .root.Values.platform }}-normal
terminationGracePeriodSeconds: {{ .values.graceSeconds | default 60 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app: {{ .app }}
{{- end }}

{{- define "peer.container" -}}
name: main
image: {{ .values.image }}
ports:
  {{- range $name, $number := .values.ports }}
  - name: {{ $name }}
    containerPort: {{ $number }}
    protocol: TCP
  {{- end }}
resources:
  {{- index .root.Values.tiers .values.tier | toYaml | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "peer.probes" -}}
startupProbe:
  httpGet: {path: /startup, port: http}
  failureThreshold: 30
  periodSeconds: 10
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}

{{- define "peer.environment" -}}
env:
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  - name: POD_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: NATS_PASSWORD
    valueFrom: {secretKeyRef: {name: nats-auth, key: password}}
  - name: REDIS_PASSWORD
    valueFrom: {secretKeyRef: {name: redis-auth, key: password}}
  - name: DATABASE_PASSWORD
    valueFrom: {secretKeyRef: {name: postgres-auth, key: password}}
  - name: NATS_URL
    value: nats://{{ .app }}:$(NATS_PASSWORD)@nats.{{ .root.Values.platform }}-data:4222
  - name: REDIS_URL
    value: redis://:$(REDIS_PASSWORD)@redis.{{ .root.Values.platform }}-data:6379
  - name: DATABASE_URL
    value: postgres://app:$(DATABASE_PASSWORD)@postgres.{{ .root.Values.platform }}-data:5432/app
  - name: AGENT_TIER
    value: {{ .values.tier }}
  {{- range $name, $value := .values.environment }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end }}

{{- define "peer.agent" -}}
apiVersion: apps/v1
kind: Deployment
{{ include "peer.metadata" . }}
spec:
  {{- with .values.replicas }}
  replicas: {{ . }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ .app }}
  template:
    metadata:
      labels:
        {{- include "peer.labels" . | nindent 8 }}
      annotations:
        checksum/settings: {{ .values.settings | toYaml | sha256sum }}
    spec:
      {{- include "peer.pod" . | nindent 6 }}
      containers:
        - {{- include "peer.container" . | nindent 10 }}
          {{- include "peer.probes" . | nindent 10 }}
          {{- include "peer.environment" . | nindent 10 }}
          envFrom:
            - configMapRef:
                name: {{ .app }}
          volumeMounts:
            - {name: scratch, mountPath: /workspace}
      volumes:
        - name: scratch
          emptyDir: {sizeLimit: 1Gi}
{{- end }}

{{- define "peer.store" -}}
apiVersion: apps/v1
kind: StatefulSet
{{ include "peer.metadata" . }}
spec:
  replicas: {{ .values.replicas | default 1 }}
  serviceName: {{ .app }}
  podManagementPolicy: Parallel
  selector:
    matchLabels:
      app: {{ .app }}
  template:
    metadata:
      labels:
        {{- include "peer.labels" . | nindent 8 }}
    spec:
      {{- include "peer.pod" . | nindent 6 }}
      containers:
        - {{- include "peer.container" . | nindent 10 }}
          readinessProbe:
            tcpSocket: {port: {{ .values.ports | keys | sortAlpha | first }}}
            periodSeconds: 10
          volumeMounts:
            - {name: data, mountPath: /data}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: {{ .values.storage }}
{{- end }}
