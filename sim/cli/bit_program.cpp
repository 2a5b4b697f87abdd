#include "sim/cli/bit_program.h"

#include <algorithm>
#include <cstddef>
#include <memory>

#include "hw/spec/error.h"
#include "sim/cli/cbc_library.h"

namespace qsim::cli {
namespace {

// Columns of 0 or 1, built one after the other; rows first.
class Matrix {
 public:
  int add_row(double low, double high) {
    row_low_.push_back(low);
    row_high_.push_back(high);
    return static_cast<int>(row_low_.size()) - 1;
  }
  int add_column(double cost, const std::vector<std::pair<int, double>>& entries) {
    for (const auto& [row, value] : entries) {
      rows_.push_back(row);
      values_.push_back(value);
    }
    starts_.push_back(static_cast<int>(rows_.size()));
    costs_.push_back(cost);
    return static_cast<int>(costs_.size()) - 1;
  }

  // Of each column, 0 or 1 to within the solver's tolerance.
  std::vector<double> solve() const {
    const CbcLibrary& cbc = cbc_library();
    const std::unique_ptr<Cbc_Model, decltype(cbc.delete_model)> model(cbc.new_model(),
                                                                       cbc.delete_model);
    const std::vector<double> zeros(costs_.size(), 0), ones(costs_.size(), 1);
    cbc.set_parameter(model.get(), "log", "0");
    cbc.set_parameter(model.get(), "ratio", "0.0001");
    cbc.load_problem(model.get(), static_cast<int>(costs_.size()),
                     static_cast<int>(row_low_.size()), starts_.data(), rows_.data(),
                     values_.data(), zeros.data(), ones.data(), costs_.data(), row_low_.data(),
                     row_high_.data());
    for (size_t i = 0; i < costs_.size(); ++i) cbc.set_integer(model.get(), static_cast<int>(i));
    cbc.solve(model.get());
    if (!cbc.is_proven_optimal(model.get()))
      throw Error("choice of bits: CBC found no solution of " + std::to_string(costs_.size()) +
                  " choices within the loss that is allowed");
    const double* solution = cbc.get_col_solution(model.get());
    return {solution, solution + costs_.size()};
  }

 private:
  std::vector<int> starts_ = {0}, rows_;
  std::vector<double> values_, costs_, row_low_, row_high_;
};

}  // namespace

BitChoice solve(const BitProgram& program, double most_loss) {
  // Whole costs: of equal ones the least loss, without reaching the next cost.
  double most = 1e-12;
  for (const BitProgram::Layer& layer : program.layers)
    most += *std::max_element(layer.loss.begin(), layer.loss.end());
  for (const BitProgram::Group& group : program.groups)
    most += *std::max_element(group.loss.begin(), group.loss.end());
  const double price = 0.4 / most;
  // Losses in shares of the budget, for the solver's tolerances.
  const double unit = 1 / std::max(most_loss, 1e-12);

  Matrix matrix;
  const int budget = matrix.add_row(-1e30, most_loss * unit);
  struct Column {
    size_t owner, weights, codes;
    bool is_group;
  };
  std::vector<Column> columns;
  std::vector<int> one_of_layer, one_of_group;
  std::vector<std::vector<int>> links(program.layers.size());  // layer, codes: row
  for (size_t l = 0; l < program.layers.size(); ++l) {
    one_of_layer.push_back(matrix.add_row(1, 1));
    if (program.layers[l].group < 0) continue;
    for (size_t c = 0; c < program.layers[l].cost[0].size(); ++c)
      links[l].push_back(matrix.add_row(0, 0));
  }
  for (size_t g = 0; g < program.groups.size(); ++g) one_of_group.push_back(matrix.add_row(1, 1));
  for (size_t l = 0; l < program.layers.size(); ++l) {
    const BitProgram::Layer& layer = program.layers[l];
    for (size_t w = 0; w < layer.cost.size(); ++w) {
      for (size_t c = 0; c < layer.cost[w].size(); ++c) {
        std::vector<std::pair<int, double>> entries = {{budget, layer.loss[w] * unit},
                                                       {one_of_layer[l], 1}};
        if (layer.group >= 0) entries.emplace_back(links[l][c], 1);
        matrix.add_column(layer.cost[w][c] + price * layer.loss[w], entries);
        columns.push_back({l, w, c, false});
      }
    }
  }
  for (size_t g = 0; g < program.groups.size(); ++g) {
    const BitProgram::Group& group = program.groups[g];
    for (size_t c = 0; c < group.loss.size(); ++c) {
      std::vector<std::pair<int, double>> entries = {{budget, group.loss[c] * unit},
                                                     {one_of_group[g], 1}};
      for (size_t l = 0; l < program.layers.size(); ++l) {
        if (program.layers[l].group == static_cast<int32_t>(g))
          entries.emplace_back(links[l][c], -1);
      }
      matrix.add_column(group.cost[c] + price * group.loss[c], entries);
      columns.push_back({g, 0, c, true});
    }
  }
  const std::vector<double> solution = matrix.solve();
  BitChoice choice;
  choice.weights.resize(program.layers.size());
  choice.codes.resize(program.groups.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    if (solution[i] < 0.5) continue;
    const Column& column = columns[i];
    if (column.is_group) {
      choice.codes[column.owner] = column.codes;
      choice.cost += program.groups[column.owner].cost[column.codes];
      choice.loss += program.groups[column.owner].loss[column.codes];
    } else {
      choice.weights[column.owner] = column.weights;
      choice.cost += program.layers[column.owner].cost[column.weights][column.codes];
      choice.loss += program.layers[column.owner].loss[column.weights];
    }
  }
  return choice;
}

}  // namespace qsim::cli
