// Package check holds the files of deploy and the service's OpenAPI document to what
// other programs understand. It is a module of its own because of what it imports.
package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/native/service"
)

// Every manifest has the keys and types of what it says it is, and no others.
func TestKubernetes(t *testing.T) {
	kinds := map[string]func() any{
		"apps/v1 Deployment":                         func() any { return &apps.Deployment{} },
		"v1 Service":                                 func() any { return &core.Service{} },
		"policy/v1 PodDisruptionBudget":              func() any { return &policy.PodDisruptionBudget{} },
		"autoscaling/v2 HorizontalPodAutoscaler":     func() any { return &autoscaling.HorizontalPodAutoscaler{} },
		"serving.kserve.io/v1alpha1 ServingRuntime":  func() any { return &servingRuntime{} },
		"serving.kserve.io/v1beta1 InferenceService": func() any { return &inferenceService{} },
	}
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range bytes.Split(text, []byte("\n---\n")) {
			var meta struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(part, &meta); err != nil {
				t.Fatal(err)
			}
			into, ok := kinds[meta.APIVersion+" "+meta.Kind]
			if !ok {
				t.Errorf("%s: nothing is known of %s %s", name, meta.APIVersion, meta.Kind)
				continue
			}
			value := into()
			if err := yaml.UnmarshalStrict(part, value); err != nil {
				t.Errorf("%s: %s: %v", name, meta.Kind, err)
			}
			if d, ok := value.(*apps.Deployment); ok {
				checkDeployment(t, d)
			}
		}
	}
}

// checkDeployment expects what a schema cannot say.
func checkDeployment(t *testing.T, d *apps.Deployment) {
	pod := d.Spec.Template
	for k, v := range d.Spec.Selector.MatchLabels {
		if pod.Labels[k] != v {
			t.Errorf("the selector's %s=%s is no label of the pod", k, v)
		}
	}
	if c := pod.Spec.Containers[0]; c.ReadinessProbe.HTTPGet.Path != "/readyz" || *pod.Spec.TerminationGracePeriodSeconds < 66 {
		t.Errorf("%+v, %d s", c.ReadinessProbe, *pod.Spec.TerminationGracePeriodSeconds)
	}
}

// What KServe's resources may hold of what is used here, after its v1alpha1 and v1beta1
// types, whose module has hundreds of others.
type (
	meta struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	servingRuntime struct {
		meta `json:",inline"`
		Spec struct {
			SupportedModelFormats []struct {
				Name       string `json:"name"`
				Version    string `json:"version"`
				AutoSelect bool   `json:"autoSelect"`
			} `json:"supportedModelFormats"`
			ProtocolVersions []string         `json:"protocolVersions"`
			Containers       []core.Container `json:"containers"`
		} `json:"spec"`
	}
	inferenceService struct {
		meta `json:",inline"`
		Spec struct {
			Predictor struct {
				MinReplicas *int32 `json:"minReplicas"`
				MaxReplicas int32  `json:"maxReplicas"`
				Model       struct {
					ModelFormat struct {
						Name string `json:"name"`
					} `json:"modelFormat"`
					Runtime         *string `json:"runtime"`
					ProtocolVersion *string `json:"protocolVersion"`
				} `json:"model"`
			} `json:"predictor"`
		} `json:"spec"`
	}
)

// systemd understands the unit.
func TestSystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("../hrm.service")
	if err != nil {
		t.Fatal(err)
	}
	program, _ := os.Executable() // the unit's own is not installed here
	path := filepath.Join(t.TempDir(), "hrm.service")
	text = bytes.ReplaceAll(text, []byte("/usr/local/bin/hrm"), []byte(program))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// The OpenAPI document is one, and what the handlers take and say is what it says.
func TestOpenAPI(t *testing.T) {
	s, err := hrm.Open("sudoku")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	web, err := service.New([]service.Model{{Name: "sudoku", Solver: s.Solver}}, service.Options{MaxPuzzles: 2, Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	web.ServeHTTP(w, httptest.NewRequest("GET", "/openapi.yaml", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err == nil {
		err = doc.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	infer := `{"id":"1","inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["` + easy + `"]}]}`
	statuses := map[int]bool{}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/livez", ""}, {"GET", "/readyz", ""}, {"GET", "/health", ""}, {"GET", "/metrics", ""}, {"GET", "/v1/models", ""}, {"GET", "/openapi.yaml", ""},
		{"GET", "/v2", ""}, {"GET", "/v2/health/live", ""}, {"GET", "/v2/health/ready", ""}, {"GET", "/v2/models/sudoku", ""}, {"GET", "/v2/models/other", ""},
		{"GET", "/v2/", ""}, {"GET", "/v2/models/sudoku/versions/1", ""}, {"GET", "/v2/models/sudoku/versions/2", ""}, {"GET", "/v2/models/sudoku/versions/1/ready", ""},
		{"POST", "/v2/models/sudoku/versions/1/infer", infer}, {"POST", "/v2/models/sudoku/versions/2/infer", infer},
		{"GET", "/v2/models/sudoku/ready", ""}, {"POST", "/v2/models/sudoku/infer", infer}, {"POST", "/v2/models/other/infer", infer},
		{"POST", "/v1/solve", `{"puzzles":["` + easy + `",[[1,2],[3,4]]],"seed":3,"restarts":1,"check":true,"max_segments":4,"timeout_ms":30000}`},
		{"POST", "/v1/solve", `{"puzzles":["` + easy + `"],"timeout_ms":1}`},
		{"POST", "/solve", `{"puzzles":["` + easy + `"]}`},
		{"POST", "/v1/solve", `{"puzzles":["1","2","3"]}`}, {"POST", "/v1/solve", `{"puzzles":["1"],"model":"other"}`},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		if c.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		statuses[exchange(t, web, router, r)] = true
	}
	for _, bad := range []string{`{}`, `{"puzzles":1}`, `{"puzzles":["1"],"seed":"x"}`, `{"puzzles":["1"],"more":1}`} {
		r := httptest.NewRequest("POST", "/v1/solve", strings.NewReader(bad))
		r.Header.Set("Content-Type", "application/json")
		if err := valid(t, router, r); err == nil {
			t.Errorf("the document allows %s", bad)
		}
		r.Body = io.NopCloser(strings.NewReader(bad))
		if got := exchange(t, web, router, r); got != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, got)
		}
	}
	if !statuses[200] || !statuses[400] || !statuses[404] {
		t.Error(statuses)
	}
}

// valid returns why a request is none of the document.
func valid(t *testing.T, router routers.Router, r *http.Request) error {
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}

// exchange asks the service and expects an answer that the document knows.
func exchange(t *testing.T, web http.Handler, router routers.Router, r *http.Request) int {
	t.Helper()
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	w := httptest.NewRecorder()
	web.ServeHTTP(w, r)
	body := w.Body.String()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/yaml") {
		return w.Code // a document is not described by itself
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(strings.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		t.Errorf("%s %s: status %d: %s at %v: %s", r.Method, r.URL.Path, w.Code, schema.Reason, schema.JSONPointer(), body)
	} else if err != nil {
		t.Errorf("%s %s: status %d: %v: %s", r.Method, r.URL.Path, w.Code, err, body)
	}
	return w.Code
}

// What /v2 says is what the published document of the Open Inference Protocol wants:
// HRM_OPEN_INFERENCE is its open_inference_rest.yaml.
func TestOpenInference(t *testing.T) {
	path := os.Getenv("HRM_OPEN_INFERENCE")
	if path == "" {
		t.Skip("HRM_OPEN_INFERENCE names no open_inference_rest.yaml of github.com/kserve/open-inference-protocol")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := hrm.Open("sudoku")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	web, err := service.New([]service.Model{{Name: "sudoku", Solver: s.Solver}}, service.Options{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	const request = `{"id":"1","inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"]}],"outputs":[{"name":"answer"},{"name":"valid"}]}`
	const faulty = `{"inputs":[]}`
	names := strings.NewReplacer("${MODEL_NAME}", "sudoku", "${MODEL_VERSION}", "1")
	schema := func(name string, text []byte) {
		t.Helper()
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := doc.Components.Schemas[name].Value.VisitJSON(value); err != nil {
			t.Errorf("%s: %s: %v", name, text, err)
		}
	}
	schema("inference_request", []byte(request))
	asked := 0
	for pattern, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for body, status := range map[string]int{request: 200, faulty: 400} {
				r := httptest.NewRequest(method, names.Replace(pattern), strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				if method == http.MethodGet {
					status = 200
				}
				w := httptest.NewRecorder()
				web.ServeHTTP(w, r)
				answer := operation.Responses.Status(status)
				if w.Code != status || answer == nil {
					t.Errorf("%s %s: status %d, want %d: %s", method, pattern, w.Code, status, w.Body)
					continue
				}
				asked++
				if media := answer.Value.Content.Get("application/json"); media != nil {
					schema(strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/"), w.Body.Bytes())
				}
			}
		}
	}
	if asked < 12 {
		t.Errorf("%d answers, want two of each of six operations", asked)
	}
}
