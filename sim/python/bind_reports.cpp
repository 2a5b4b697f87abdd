#include <pybind11/stl.h>

#include "sim/python/bindings.h"
#include "sim/report/columns.h"
#include "sim/report/render.h"

namespace qsim::python {
namespace {

namespace py = pybind11;

constexpr size_t kTextWidth = 100;

// Keys of the machine, numbers as numbers.
py::dict keys_of(const Arch& arch) {
  py::dict keys;
  for (const ArchKey& key : arch_keys()) {
    const std::string value = get_arch_key(arch, key.name);
    if (key.range.front() != '[') {
      keys[key.name.c_str()] = value;
    } else if (value.find('.') == std::string::npos) {
      keys[key.name.c_str()] = std::stoll(value);
    } else {
      keys[key.name.c_str()] = std::stod(value);
    }
  }
  return keys;
}

py::dict by_key(const std::vector<Figure>& figures) {
  py::dict result;
  for (const Figure& figure : figures) result[figure.key.c_str()] = figure;
  return result;
}

// Every column of a row by its key; None where the layer has none.
py::dict row_values(const LayerRow& row, const std::vector<Column>& columns) {
  py::dict values;
  for (const Column& column : columns) {
    const std::optional<double> value = column.value(row);
    if (!value) {
      values[column.key.c_str()] = py::none();
    } else if (column.decimals == 0) {
      values[column.key.c_str()] = static_cast<int64_t>(*value);
    } else {
      values[column.key.c_str()] = *value;
    }
  }
  return values;
}

// A row together with the values of its columns, which need the whole report.
struct Layer {
  LayerRow row;
  py::dict values;
};

Layer layer_of(const LayerRow& row, const Report& report) {
  return {row, row_values(row, layer_columns(report))};
}

void bind_layer(py::module_& module) {
  py::class_<Layer>(module, "Layer")
      .def_property_readonly("name", [](const Layer& layer) { return layer.row.name; })
      .def_property_readonly("op", [](const Layer& layer) { return layer.row.op; })
      .def_property_readonly("place", [](const Layer& layer) { return name_of(layer.row.place); })
      .def_property_readonly("output", [](const Layer& layer) { return layer.row.output; })
      .def_property_readonly("macs", [](const Layer& layer) { return layer.row.macs; })
      .def_property_readonly("cycles", [](const Layer& layer) { return layer.row.time.cycles; })
      .def_property_readonly("code_bits", [](const Layer& layer) { return layer.row.code_bits; })
      .def_property_readonly("weight_bits",
                             [](const Layer& layer) { return layer.row.weight_bits; })
      .def_property_readonly("sqnr_db", [](const Layer& layer) { return layer.row.sqnr_db; })
      .def_property_readonly("values", [](const Layer& layer) { return layer.values; })
      .def("__repr__", [](const Layer& layer) {
        return "<qsim.Layer " + layer.row.name + ": " + layer.row.op + ", " +
               std::to_string(layer.row.time.cycles) + " cycles>";
      });
}

void bind_accuracy(py::module_& module) {
  py::class_<Accuracy>(module, "Accuracy")
      .def_readonly("scored", &Accuracy::scored)
      .def_readonly("calibration", &Accuracy::calibration)
      .def_readonly("seed", &Accuracy::seed)
      .def_readonly("top1", &Accuracy::top1)
      .def_readonly("top5", &Accuracy::top5)
      .def_readonly("float_top1", &Accuracy::float_top1)
      .def_readonly("float_top5", &Accuracy::float_top5)
      .def_readonly("agreement", &Accuracy::agreement)
      .def_readonly("output_sqnr_db", &Accuracy::output_sqnr_db)
      .def_readonly("wraps", &Accuracy::wraps);
}

}  // namespace

void bind_reports(py::module_& module) {
  py::class_<Arch>(module, "Machine")
      .def_readonly("name", &Arch::name)
      .def_property_readonly("keys", keys_of)
      .def_property_readonly("text", [](const Arch& arch) { return to_text(arch); })
      .def_property_readonly("pes", &Arch::pes)
      .def("__repr__", [](const Arch& arch) {
        return "<qsim.Machine " + arch.name + ": " + std::to_string(arch.array.rows) + "x" +
               std::to_string(arch.array.cols) + ">";
      });
  py::class_<Figure>(module, "Figure")
      .def_readonly("key", &Figure::key)
      .def_readonly("title", &Figure::title)
      .def_readonly("value", &Figure::value)
      .def_readonly("unit", &Figure::unit)
      .def_property_readonly("origin", [](const Figure& figure) { return name_of(figure.origin); })
      .def_readonly("note", &Figure::note)
      .def("__float__", [](const Figure& figure) { return figure.value; })
      .def("__repr__", [](const Figure& figure) {
        return "<qsim.Figure " + figure.key + " = " +
               py::str(py::float_(figure.value)).cast<std::string>() + " " + figure.unit + ", " +
               name_of(figure.origin) + ">";
      });
  bind_layer(module);
  bind_accuracy(module);
  py::class_<Report>(module, "Report")
      .def_readonly("network", &Report::network)
      .def_readonly("machine", &Report::arch)
      .def_readonly("accuracy", &Report::accuracy)
      .def_readonly("not_modelled", &Report::not_modelled)
      .def_property_readonly("figures", [](const Report& r) { return by_key(r.figures); })
      .def_property_readonly("counters", [](const Report& r) { return by_key(r.counters); })
      .def_property_readonly("cycles",
                             [](const Report& r) -> std::optional<int64_t> {
                               if (!r.has_cycles) return std::nullopt;
                               return r.total.time.cycles;
                             })
      .def_property_readonly("layers",
                             [](const Report& r) {
                               std::vector<Layer> layers;
                               for (const LayerRow& row : r.layers) {
                                 layers.push_back(layer_of(row, r));
                               }
                               return layers;
                             })
      .def_property_readonly("total", [](const Report& r) { return layer_of(r.total, r); })
      .def("to_json", [](const Report& r) { return py::bytes(render_json(r)).attr("decode")(); })
      .def("to_csv", [](const Report& r) { return render_csv(r); })
      .def("to_text", [](const Report& r) { return render_text(r, kTextWidth); })
      .def("__str__", [](const Report& r) { return render_text(r, kTextWidth); })
      .def("__repr__", [](const Report& r) {
        return "<qsim.Report " + r.network + " on " + r.arch.name + ">";
      });
}

}  // namespace qsim::python
