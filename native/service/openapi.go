package service

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var document []byte

// openAPI says what the service understands.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(document)
}
