package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/train/config"
)

// configFlags are the flags that put a configuration together.
type configFlags struct {
	preset, file string
	set          []string
	keys         []string // that have a flag of their own
}

// register adds the flags, and one for each of the keys.
func (f *configFlags) register(cmd *cobra.Command, keys ...string) {
	f.keys = keys
	flags := cmd.Flags()
	flags.StringVar(&f.preset, "preset", "", "start from this preset, see hrm-train presets")
	flags.StringVar(&f.file, "config", "", "YAML file of keys")
	flags.StringArrayVar(&f.set, "set", nil, "override a key, as in lr=1e-3 (repeatable)")
	for _, key := range keys {
		flags.String(flagName(key), "", keyDoc(key))
	}
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

func keyDoc(name string) string {
	for _, k := range config.Keys() {
		if k.Name == name {
			return k.Doc
		}
	}
	return ""
}

// config returns the preset, over it the file, over that --set and flags.
func (f *configFlags) config(cmd *cobra.Command) (config.Config, error) {
	c, err := f.base()
	if err == nil {
		err = f.override(cmd, &c)
	}
	return c, err
}

func (f *configFlags) base() (config.Config, error) {
	c := config.Default()
	if f.preset == "" && f.file == "" {
		return c, fmt.Errorf("%w: --preset or --config is missing; presets: %s", config.ErrConfig, strings.Join(config.Presets(), ", "))
	}
	if f.preset != "" {
		var err error
		if c, err = config.Preset(f.preset); err != nil {
			return c, err
		}
	}
	if f.file != "" {
		return c, c.Read(f.file)
	}
	return c, nil
}

// override applies --set and the flags of keys, and checks the whole.
func (f *configFlags) override(cmd *cobra.Command, c *config.Config) error {
	for _, set := range f.set {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return fmt.Errorf("%w: --set %s: want key=value", config.ErrConfig, set)
		}
		if err := c.Set(key, value); err != nil {
			return fmt.Errorf("--set %s: %w", set, err)
		}
	}
	for _, key := range f.keys {
		if flag := cmd.Flags().Lookup(flagName(key)); flag.Changed {
			if err := c.Set(key, flag.Value.String()); err != nil {
				return fmt.Errorf("--%s: %w", flag.Name, err)
			}
		}
	}
	return c.Validate()
}
