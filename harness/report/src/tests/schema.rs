//! `results.json` is what `reports/SCHEMA.md` and `reports/results.schema.json` say it is.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use model::scenario::{Axis, Coordinate, Point};
use serde_json::Value;

use super::*;

fn reports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema() -> Value {
    let text = read(&reports().join("results.schema.json"));
    serde_json::from_str(&text).expect("the schema is JSON")
}

fn validator() -> Validator {
    jsonschema::draft202012::meta::validate(&schema()).expect("the schema is a schema");
    jsonschema::draft202012::new(&schema()).expect("the schema compiles")
}

/// Results of invented strategies, as the file has them.
fn analysed() -> Value {
    static ANALYSED: LazyLock<Value> = LazyLock::new(|| {
        let samples = Samples::from_lines(sample_lines()).expect("it begins with its header");
        let mut machine = analyse(&samples);
        // One is a point of a sweep.
        let value = serde_json::from_str("0.5").expect("it is a value on an axis");
        machine.scenarios.last_mut().expect("there are some").point = Some(Point {
            sweep: "sweep".into(),
            coordinates: vec![Coordinate {
                axis: Axis::Writes,
                value,
            }],
        });
        let results = merge(vec![machine]);
        serde_json::from_str(&json(&results)).expect("it is JSON")
    });
    ANALYSED.clone()
}

/// The same with a few elements in each list: whatever is wrong with one of them is wrong with all.
fn abridged() -> Value {
    let mut value = analysed();
    let fields = value.as_object_mut().expect("it is an object").values_mut();
    fields
        .filter_map(Value::as_array_mut)
        .for_each(|list| list.truncate(3));
    value
}

/// Results of invented strategies on two machines.
fn of_two() -> Results {
    let on = |name: &str, times| {
        let lines = readers([invented("novel/thing", times, times, times)]);
        let samples = Samples::from_lines(lines).expect("it begins with its header");
        Machine {
            name: name.into(),
            runs: vec![format!("../{name}")],
            ..analyse(&samples)
        }
    };
    let results = merge(vec![on("one", 4.0), on("other", 0.5)]);
    assert!(!results.differences.is_empty());
    results
}

/// The results of all recorded runs and merged reports.
fn recorded() -> Vec<(PathBuf, Value)> {
    let folders = std::fs::read_dir(reports()).expect("it is part of the workspace");
    let files = folders.map(|entry| entry.expect("it is readable").path().join("results.json"));
    files
        // Not a recorded run, but what others on this machine left: only those begin with their day.
        .filter(|file| file.is_file() && has_a_day(file))
        .map(|file| {
            let value = serde_json::from_str(&read(&file)).expect("it is JSON");
            (file, value)
        })
        .collect()
}

fn has_a_day(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name);
    folder.is_some_and(|name| name.as_encoded_bytes().starts_with(b"20"))
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn analysed_and_recorded_results_match_the_schema() {
    let validator = validator();
    assert_eq!(faults(&validator, &analysed()), Vec::<String>::new());
    let recorded = recorded();
    assert!(!recorded.is_empty());
    for (file, value) in recorded {
        assert_eq!(
            faults(&validator, &value),
            Vec::<String>::new(),
            "{}",
            file.display()
        );
    }
}

#[test]
fn results_of_two_machines_match_the_schema_and_stay_flat() {
    let results = of_two();
    let value: Value = serde_json::from_str(&json(&results)).expect("it is JSON");
    let validator = validator();
    assert_eq!(faults(&validator, &value), [""; 0]);
    let cells = value["assumptions"].as_array().expect("it is a table");
    let all: usize = results
        .machines
        .iter()
        .map(|machine| machine.assumptions.len())
        .sum();
    assert_eq!(cells.len(), all);
    assert!(json(&results).contains("\n{\"machine\":\"one\",\"id\":"));
    assert_eq!(cells[0]["machine"], "one");
    assert_eq!(cells[all - 1]["machine"], "other");
    for (pointer, by) in [
        ("/overall/0/decision", "maybe".into()),
        ("/overall/0/decisions/0/decision", "machines-differ".into()),
        ("/differences/0/ratios/0/ratio", Value::Null),
        ("/machines/0/name", Value::Null),
        ("/machines", Value::Array(Vec::new())),
        ("/assumptions/0/machine", Value::Null),
    ] {
        let mut spoilt = value.clone();
        *spoilt.pointer_mut(pointer).expect("the fixture has it") = by;
        assert!(!validator.is_valid(&spoilt), "{pointer}");
    }
}

#[test]
fn the_schema_refuses_what_is_not_a_result() {
    let validator = validator();
    assert_eq!(faults(&validator, &abridged()), Vec::<String>::new());
    let spoilt = |pointer: &str, by: Value| {
        let mut value = abridged();
        *value.pointer_mut(pointer).expect("the fixture has it") = by;
        !validator.is_valid(&value)
    };
    for (pointer, by) in [
        ("/schema", "pivot-results/2".into()),
        ("/partial", "no".into()),
        ("/use_cases/0/gains/0/times", "fast".into()),
        ("/use_cases/0/gains/0/strategy", "mutex".into()),
        ("/use_cases/0/decided_by/0/metric", "Read-NS".into()),
        ("/assumptions/0/verdict", "holds".into()),
        ("/guarantees/0", serde_json::json!({})),
        (
            "/machines/0/environment/libraries/0",
            serde_json::json!(["papaya"]),
        ),
    ] {
        assert!(spoilt(pointer, by.clone()), "{pointer} = {by}");
    }
    let schema = schema();
    for field in abridged().as_object().expect("it is an object").keys() {
        let mut value = abridged();
        value
            .as_object_mut()
            .expect("it is an object")
            .remove(field);
        let is_required = schema["required"]
            .as_array()
            .is_some_and(|all| all.contains(&field.as_str().into()));
        assert_eq!(is_required, !validator.is_valid(&value), "without {field}");
    }
}

/// Every field of a value, at any depth.
fn fields(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                fields(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, names)),
        _ => {}
    }
}

/// Every property that a schema knows, at any depth.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                names.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| properties(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

/// The words that the document sets as code.
fn documented() -> BTreeSet<String> {
    let document = read(&reports().join("SCHEMA.md"));
    let code = document.split('`').skip(1).step_by(2);
    code.map(str::to_owned).collect()
}

#[test]
fn every_field_is_in_the_schema_and_in_the_document() {
    let mut names = BTreeSet::new();
    fields(&analysed(), &mut names);
    for (_, value) in recorded() {
        fields(&value, &mut names);
    }
    let two = serde_json::to_value(of_two()).expect("it is plain data");
    fields(&two, &mut names);
    let mut in_schema = BTreeSet::new();
    properties(&schema(), &mut in_schema);
    let documented = documented();
    for field in &names {
        assert!(
            in_schema.contains(field),
            "{field} is not in results.schema.json"
        );
        assert!(documented.contains(field), "`{field}` is not in SCHEMA.md");
    }
    for property in &in_schema {
        assert!(
            documented.contains(property),
            "`{property}` is not in SCHEMA.md"
        );
    }
}

#[test]
fn every_metric_is_in_the_document() {
    let documented = documented();
    for name in Metric::ALL.iter().map(|metric| metric.name()) {
        assert!(documented.contains(name), "`{name}` is not in SCHEMA.md");
    }
}

#[test]
fn a_metric_is_its_name_and_no_other() {
    for &metric in Metric::ALL {
        let text = serde_json::to_string(&metric).expect("it is a name");
        assert_eq!(serde_json::from_str::<Metric>(&text).ok(), Some(metric));
    }
    let error = serde_json::from_str::<Metric>("\"speed\"").expect_err("no metric");
    assert!(error.to_string().contains("`read_ns`"), "{error}");
}

#[test]
fn every_kind_of_line_is_in_the_document_with_its_fields() {
    let documented = documented();
    let error =
        serde_json::from_str::<Line>("{\"kind\":\"?\"}").expect_err("no kind has this name");
    let text = error.to_string();
    let kinds: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
    assert!(
        kinds.contains(&"slice") && kinds.contains(&"complete"),
        "{text}"
    );
    let mut names = BTreeSet::new();
    for line in sample_lines() {
        let value = serde_json::to_value(&line).expect("a line is plain data");
        fields(&value, &mut names);
    }
    for name in kinds.into_iter().chain(names.iter().map(String::as_str)) {
        assert!(documented.contains(name), "`{name}` is not in SCHEMA.md");
    }
}
