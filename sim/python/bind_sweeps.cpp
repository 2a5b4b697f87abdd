#include <pybind11/stl.h>

#include "hw/spec/error.h"
#include "sim/cli/sweep/sweep.h"
#include "sim/python/bindings.h"
#include "sim/python/settings.h"
#include "sim/store/pareto.h"

namespace qsim::python {
namespace {

namespace py = pybind11;
using Release = py::call_guard<py::gil_scoped_release>;

// Results travel between processes: they are pickled as tuples of their members.
py::list plain(const std::vector<Metric>& metrics) {
  py::list list;
  for (const Metric& m : metrics) list.append(py::make_tuple(m.name, m.value, m.unit, m.origin));
  return list;
}

std::vector<Metric> metrics_from(const py::list& list) {
  std::vector<Metric> metrics;
  for (const py::handle& item : list) {
    const auto t = item.cast<py::tuple>();
    metrics.push_back({t[0].cast<std::string>(), t[1].cast<double>(), t[2].cast<std::string>(),
                       t[3].cast<std::string>()});
  }
  return metrics;
}

template <typename Result>
using TextMember = std::pair<const char*, std::string Result::*>;

constexpr TextMember<PointResult> kPointTexts[] = {
    {"key", &PointResult::key},         {"version", &PointResult::version},
    {"model", &PointResult::model},     {"model_sha256", &PointResult::model_sha256},
    {"shapes", &PointResult::shapes},   {"recipe", &PointResult::recipe},
    {"machine", &PointResult::machine}, {"machine_text", &PointResult::machine_text},
    {"prices", &PointResult::prices},   {"values_key", &PointResult::values_key},
    {"command", &PointResult::command}, {"failure", &PointResult::failure}};
constexpr TextMember<ValuesResult> kValuesTexts[] = {
    {"key", &ValuesResult::key},         {"version", &ValuesResult::version},
    {"model", &ValuesResult::model},     {"model_sha256", &ValuesResult::model_sha256},
    {"shapes", &ValuesResult::shapes},   {"recipe", &ValuesResult::recipe},
    {"requant", &ValuesResult::requant}, {"failure", &ValuesResult::failure}};

template <typename Result, size_t N>
void bind_result(py::module_& module, const char* name, const TextMember<Result> (&texts)[N]) {
  py::class_<Result> bound(module, name);
  for (const auto& [text_name, member] : texts) bound.def_readonly(text_name, member);
  bound.def_readonly("metrics", &Result::metrics)
      .def("__eq__", [](const Result& a, const Result& b) { return a == b; })
      .def("__repr__",
           [name](const Result& result) {
             return std::string("<qsim.") + name + " " + result.key.substr(0, 12) +
                    (result.failure.empty() ? ">" : ": " + result.failure + ">");
           })
      .def(py::pickle(
          [&texts](const Result& result) {
            py::list members;
            for (const auto& [text_name, member] : texts) members.append(result.*member);
            members.append(plain(result.metrics));
            return py::tuple(members);
          },
          [&texts](const py::tuple& members) {
            Result result;
            for (size_t i = 0; i < N; ++i) result.*texts[i].second = members[i].cast<std::string>();
            result.metrics = metrics_from(members[N]);
            return result;
          }));
}

py::tuple state_of(const cli::Point& point) {
  return py::make_tuple(point.model, point.machine.arch, point.machine.keys, point.recipe);
}

cli::Point point_from(const py::tuple& state) {
  cli::Point point;
  point.model = state[0].cast<std::string>();
  point.machine.arch = state[1].cast<std::string>();
  point.machine.keys = state[2].cast<decltype(point.machine.keys)>();
  point.recipe = state[3].cast<std::string>();
  return point;
}

void bind_space(py::module_& module) {
  py::class_<cli::Point>(module, "Point")
      .def_readonly("model", &cli::Point::model)
      .def_property_readonly("machine", [](const cli::Point& point) { return point.machine.arch; })
      .def_property_readonly("overrides",
                             [](const cli::Point& point) {
                               py::dict keys;
                               for (const auto& [key, value] : point.machine.keys) {
                                 keys[key.c_str()] = value;
                               }
                               return keys;
                             })
      .def_readonly("recipe", &cli::Point::recipe)
      .def(py::pickle(&state_of, &point_from));
  py::class_<cli::Axis>(module, "Axis")
      .def_readonly("name", &cli::Axis::name)
      .def_readonly("choices", &cli::Axis::choices);
  py::class_<cli::Space>(module, "Space")
      .def(py::init<const std::string&, const std::vector<std::string>&>(), py::arg("path"),
           py::arg("models") = std::vector<std::string>{})
      .def_static("from_text", &cli::Space::from_text, py::arg("text"), py::arg("place") = "space",
                  py::arg("models") = std::vector<std::string>{})
      .def_property_readonly("axes", &cli::Space::axes)
      .def("__len__", &cli::Space::size)
      .def(
          "point",
          [](const cli::Space& space, int64_t index) {
            if (index < 0 || index >= space.size()) throw py::index_error("no such point");
            return space.point(index);
          },
          py::arg("index"))
      .def("point", py::overload_cast<const std::vector<size_t>&>(&cli::Space::point, py::const_),
           py::arg("choices"));
}

void bind_evaluator(py::module_& module) {
  py::class_<cli::Evaluator>(module, "_Evaluator")
      .def(py::init([](const py::dict& settings) {
             cli::EvaluatorOptions options = evaluator_options(settings);
             const py::gil_scoped_release release;
             return std::make_unique<cli::Evaluator>(std::move(options));
           }),
           py::arg("settings"))
      .def("load", &cli::Evaluator::load, py::arg("model"), Release())
      .def("describe", &cli::Evaluator::describe, py::arg("point"), Release())
      .def("evaluate", &cli::Evaluator::evaluate, py::arg("point"), Release())
      .def("describe_values", &cli::Evaluator::describe_values, py::arg("point"), Release())
      .def("evaluate_values", &cli::Evaluator::evaluate_values, py::arg("point"), Release())
      .def_property_readonly("has_data", &cli::Evaluator::has_data)
      .def_property_readonly("samples_description", &cli::Evaluator::samples_description);
}

std::unique_ptr<ResultStore> open_store(const std::string& path, const std::string& mode) {
  if (mode != "r" && mode != "w") throw Error("Store: mode = " + mode + " is not one of r, w");
  return std::make_unique<ResultStore>(
      path, mode == "r" ? ResultStore::Mode::kRead : ResultStore::Mode::kWrite);
}

void bind_store(py::module_& module) {
  py::class_<ResultStore>(module, "_Store")
      .def(py::init(&open_store), py::arg("path"), py::arg("mode") = "r")
      .def_property_readonly("path", &ResultStore::path)
      .def("require_version", &ResultStore::require_version, py::arg("version"), Release())
      .def("use_samples", &ResultStore::use_samples, py::arg("description"), Release())
      .def("remove_failed", py::overload_cast<>(&ResultStore::remove_failed), Release())
      .def("point_keys", &ResultStore::point_keys, Release())
      .def("values_keys", &ResultStore::values_keys, Release())
      .def("points", &ResultStore::points, Release())
      .def("values", &ResultStore::values, Release())
      .def(
          "add",
          [](ResultStore& store, const std::vector<PointResult>& points,
             const std::vector<ValuesResult>& values) { store.add(points, values); },
          py::arg("points"), py::arg("values") = std::vector<ValuesResult>{}, Release())
      .def(
          "pareto_keys",
          [](ResultStore& store, const std::string& objectives) {
            std::vector<std::string> keys;
            const Front front = pareto_front(store, read_objectives(objectives, "objectives"));
            for (const Candidate& candidate : front.points) keys.push_back(candidate.point.key);
            return keys;
          },
          py::arg("objectives"), Release())
      .def(
          "pareto_text",
          [](ResultStore& store, const std::string& objectives) {
            return front_text(store, read_objectives(objectives, "objectives"));
          },
          py::arg("objectives"), Release());
}

}  // namespace

void bind_sweeps(py::module_& module) {
  py::class_<Metric>(module, "Metric")
      .def_readonly("name", &Metric::name)
      .def_readonly("value", &Metric::value)
      .def_readonly("unit", &Metric::unit)
      .def_readonly("origin", &Metric::origin);
  py::class_<Objective>(module, "Objective")
      .def_readonly("metric", &Objective::metric)
      .def_readonly("is_greater_better", &Objective::is_greater_better);
  module.def("objectives", &read_objectives, py::arg("text"), py::arg("place") = "objectives");
  bind_result(module, "PointResult", kPointTexts);
  bind_result(module, "ValuesResult", kValuesTexts);
  bind_space(module);
  bind_evaluator(module);
  bind_store(module);
  module.def(
      "pending",
      [](const cli::Space& space, cli::Evaluator& evaluator, ResultStore& store) {
        cli::Pending pending = cli::find_pending(space, evaluator, store);
        return std::make_pair(std::move(pending.points), std::move(pending.values));
      },
      py::arg("space"), py::arg("evaluator"), py::arg("store"), Release());
  module.def(
      "_sweep",
      [](const cli::Space& space, cli::Evaluator& evaluator, ResultStore& store, int threads) {
        cli::SweepProgress progress{cli::ProgressLine::Silent{}};
        const cli::SweepSummary summary = cli::sweep(space, evaluator, store, threads, progress);
        return std::map<std::string, int64_t>{{"points", summary.points},
                                              {"there", summary.there},
                                              {"evaluated", summary.evaluated},
                                              {"failed", summary.failed},
                                              {"accuracies", summary.accuracies}};
      },
      py::arg("space"), py::arg("evaluator"), py::arg("store"), py::arg("threads"), Release());
}

}  // namespace qsim::python
