#include "compiler/onnx/wire_scan.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>

#include <climits>

namespace qsim {
namespace {

namespace io = google::protobuf::io;
using Wire = google::protobuf::internal::WireFormatLite;

constexpr int kBlockBytes = 128 * 1024;

constexpr uint32_t length_delimited(int field) {
  return Wire::MakeTag(field, Wire::WIRETYPE_LENGTH_DELIMITED);
}

constexpr uint32_t kGraph = length_delimited(onnx::ModelProto::kGraphFieldNumber);
constexpr uint32_t kInitializer = length_delimited(onnx::GraphProto::kInitializerFieldNumber);
constexpr uint32_t kRawData = length_delimited(onnx::TensorProto::kRawDataFieldNumber);

class Scanner {
 public:
  Scanner(int file, int64_t file_bytes, std::vector<RawRange>& raw_data)
      : stream_(file, kBlockBytes), input_(&stream_), end_(file_bytes), raw_data_(raw_data) {
    input_.SetTotalBytesLimit(INT_MAX);
  }

  bool scan(onnx::ModelProto& model) {
    return scan_message(model, kGraph, [&] { return scan_graph(*model.mutable_graph()); }) &&
           input_.CurrentPosition() == end_;
  }

 private:
  bool scan_graph(onnx::GraphProto& graph) {
    return scan_nested([&] {
      return scan_message(graph, kInitializer, [&] {
        raw_data_.emplace_back();
        return scan_tensor(*graph.add_initializer(), raw_data_.back());
      });
    });
  }

  bool scan_tensor(onnx::TensorProto& tensor, RawRange& range) {
    return scan_nested([&] {
      return scan_message(tensor, kRawData, [&] {
        int length = 0;
        if (!read_length(length)) return false;
        range = {input_.CurrentPosition(), length};
        return input_.Skip(length);
      });
    });
  }

  // Runs `scan_field` behind every tag `special` and lets protobuf parse all other fields.
  template <typename Message, typename ScanField>
  bool scan_message(Message& message, uint32_t special, ScanField scan_field) {
    std::string rest;
    {
      io::StringOutputStream rest_stream(&rest);
      io::CodedOutputStream output(&rest_stream);
      while (const uint32_t tag = input_.ReadTag()) {
        const bool is_good = tag == special ? scan_field() : Wire::SkipField(&input_, tag, &output);
        if (!is_good) return false;
      }
      if (!input_.ConsumedEntireMessage()) return false;
    }
    return message.MergeFromString(rest);
  }

  // Runs `scan` on the bytes of a nested message, all of which it must consume.
  template <typename Scan>
  bool scan_nested(Scan scan) {
    int length = 0;
    if (!read_length(length)) return false;
    const auto limit = input_.PushLimit(length);
    if (!scan() || input_.BytesUntilLimit() != 0) return false;
    input_.PopLimit(limit);
    return true;
  }

  // A length that the file and the enclosing message can hold. Skipping in a file goes beyond its
  // end without a word.
  bool read_length(int& length) {
    if (!input_.ReadVarintSizeAsInt(&length) || length < 0) return false;
    const int left = input_.BytesUntilLimit();
    return length <= end_ - input_.CurrentPosition() && (left < 0 || length <= left);
  }

  io::FileInputStream stream_;
  io::CodedInputStream input_;
  const int64_t end_;
  std::vector<RawRange>& raw_data_;
};

}  // namespace

bool scan_model(int file, int64_t file_bytes, onnx::ModelProto& model,
                std::vector<RawRange>& raw_data) {
  return Scanner(file, file_bytes, raw_data).scan(model);
}

}  // namespace qsim
