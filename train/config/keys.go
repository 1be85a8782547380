package config

import (
	"fmt"
	"reflect"

	"github.com/hrmgo/hrm/internal/nearest"
)

// Key is one setting.
type Key struct {
	Name string
	Doc  string
}

// Keys returns every setting in the order of the effective configuration.
func Keys() []Key {
	t := reflect.TypeFor[Config]()
	keys := make([]Key, t.NumField())
	for i := range keys {
		tag := t.Field(i).Tag
		keys[i] = Key{tag.Get("yaml"), tag.Get("doc")}
	}
	return keys
}

func keyNames() []string {
	var names []string
	for _, k := range Keys() {
		names = append(names, k.Name)
	}
	return names
}

// field returns the address of the field that a key names.
func (c *Config) field(name string) (any, error) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == name {
			return v.Field(i).Addr().Interface(), nil
		}
	}
	if name == "mlp_t" { // the reference's
		return nil, fmt.Errorf("%w: key %q is now mixing: write mixing: mlp_t, or mixing: attention", ErrConfig, name)
	}
	return nil, fmt.Errorf("%w: unknown key %q%s", ErrConfig, name, suggest(name, keyNames()))
}

// suggest returns `, did you mean "x"?` when one of the names is near.
func suggest(name string, names []string) string {
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}
