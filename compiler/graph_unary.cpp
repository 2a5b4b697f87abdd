#include "compiler/graph_unary.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <stdexcept>

namespace qsim {
namespace {

// f(x) with the operator's parameters a and b, where it has them.
struct Row {
  std::string_view op;
  double (*function)(double x, double a, double b);
  const char* a = nullptr;  // attribute
  float a_default = 0;
  const char* b = nullptr;
  float b_default = 0;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double hard_sigmoid(double x, double a, double b) { return std::clamp(a * x + b, 0.0, 1.0); }

double gelu(double x, double, double) { return x / 2 * std::erfc(-x / std::numbers::sqrt2); }

double gelu_tanh(double x, double, double) {
  const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return x / 2 * (1 + std::tanh(inner));
}

// log(1 + exp(x)) without overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

constexpr Row kRows[] = {
    {"Abs", [](double x, double, double) { return std::abs(x); }},
    {"Celu", [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x / a); }, "alpha",
     1},
    {"Elu", [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x); }, "alpha", 1},
    {"Erf", [](double x, double, double) { return std::erf(x); }},
    {"Exp", [](double x, double, double) { return std::exp(x); }},
    {"Gelu", gelu},
    {"HardSigmoid", hard_sigmoid, "alpha", 0.2f, "beta", 0.5f},
    {"HardSwish", [](double x, double, double) { return x * hard_sigmoid(x, 1.0 / 6, 0.5); }},
    {"LeakyRelu", [](double x, double a, double) { return x < 0 ? a * x : x; }, "alpha", 0.01f},
    {"Log", [](double x, double, double) { return std::log(x); }},
    {"Mish", [](double x, double, double) { return x * std::tanh(softplus(x)); }},
    {"Neg", [](double x, double, double) { return -x; }},
    {"QuickGelu", [](double x, double a, double) { return x * sigmoid(a * x); }, "alpha", 1.702f},
    {"Reciprocal", [](double x, double, double) { return 1 / x; }},
    {"Selu", [](double x, double a, double b) { return b * (x > 0 ? x : a * std::expm1(x)); },
     "alpha", 1.67326319217681884765625f, "gamma", 1.05070102214813232421875f},
    {"Sigmoid", [](double x, double, double) { return sigmoid(x); }},
    {"Softplus", [](double x, double, double) { return softplus(x); }},
    {"Softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }},
    {"Sqrt", [](double x, double, double) { return std::sqrt(x); }},
    {"Swish", [](double x, double a, double) { return x * sigmoid(a * x); }, "alpha", 1},
    {"Tanh", [](double x, double, double) { return std::tanh(x); }},
    {"ThresholdedRelu", [](double x, double a, double) { return x > a ? x : 0; }, "alpha", 1},
};

const Row* find_row(std::string_view op) {
  const auto* found = std::find_if(std::begin(kRows), std::end(kRows),
                                   [op](const Row& row) { return row.op == op; });
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace

bool is_unary(std::string_view op) { return find_row(op) != nullptr; }

RealFunction unary_function(const Node& node) {
  const Row* row = find_row(node.op);
  if (row == nullptr) throw std::logic_error("unary_function: " + node.op + " is none");
  const auto parameter = [&](const char* name, float fallback) {
    return name == nullptr ? 0.0 : double{node.attr_float(name, fallback)};
  };
  const double a = parameter(row->a, row->a_default), b = parameter(row->b, row->b_default);
  const bool is_tanh = node.op == "Gelu" && node.attr_string("approximate", "none") == "tanh";
  return [function = is_tanh ? gelu_tanh : row->function, a, b](double x) {
    return function(x, a, b);
  };
}

}  // namespace qsim
