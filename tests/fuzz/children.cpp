#include "tests/fuzz/children.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <vector>

#include "hw/spec/error.h"

namespace qsim::fuzz {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kThrew = 99;  // exit code of a child whose work threw

struct Child {
  int64_t index;
  pid_t pid;
  int pipe;
  Clock::time_point deadline;
  std::string text;
};

void write_all(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count <= 0) _exit(kThrew);
    done += static_cast<size_t>(count);
  }
}

Child start(int64_t index, const std::function<std::string(int64_t)>& work,
            std::chrono::milliseconds limit) {
  int ends[2];
  if (pipe(ends) != 0) throw Error(std::string("pipe: ") + std::strerror(errno));
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) throw Error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    setpgid(0, 0);  // so that its own children can be killed with it
    close(ends[0]);
    try {
      write_all(ends[1], work(index));
    } catch (const std::exception& error) {
      write_all(ends[1], error.what());
      _exit(kThrew);
    }
    _exit(0);
  }
  setpgid(pid, pid);  // whoever comes first
  close(ends[1]);
  return {index, pid, ends[0], Clock::now() + limit, ""};
}

// Whether it waits or computes, and how much it has computed: where to look for a hang.
std::string activity_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream in(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string state, skipped;
  double user = 0, system = 0;
  in >> state;
  for (int field = 4; field < 14; ++field) in >> skipped;
  in >> user >> system;
  char text[64];
  std::snprintf(text, sizeof text, "state %s, %.1f s of CPU", state.c_str(),
                (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  return text;
}

ChildEnd reap(Child& child, bool timed_out) {
  const std::string activity = timed_out ? activity_of(child.pid) : "";
  if (timed_out) kill(-child.pid, SIGKILL);
  close(child.pipe);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (timed_out)
    return {ChildEnd::Kind::kTimedOut, "no end within the time limit (" + activity + ")"};
  if (WIFSIGNALED(status)) {
    return {ChildEnd::Kind::kCrashed, std::string("signal: ") + strsignal(WTERMSIG(status))};
  }
  if (WEXITSTATUS(status) == kThrew) return {ChildEnd::Kind::kCrashed, "threw: " + child.text};
  if (WEXITSTATUS(status) != 0) {
    return {ChildEnd::Kind::kCrashed, "exit code " + std::to_string(WEXITSTATUS(status))};
  }
  return {ChildEnd::Kind::kReturned, child.text};
}

// Reads what there is; true at the end of the pipe.
bool drained(Child& child) {
  char buffer[4096];
  const ssize_t count = read(child.pipe, buffer, sizeof buffer);
  if (count > 0) child.text.append(buffer, static_cast<size_t>(count));
  return count == 0 || (count < 0 && errno != EINTR);
}

// Until one of them has something to say or is too late.
std::vector<pollfd> wait_for(const std::vector<Child>& children) {
  std::vector<pollfd> files;
  auto first = Clock::time_point::max();
  for (const Child& child : children) {
    files.push_back({child.pipe, POLLIN, 0});
    first = std::min(first, child.deadline);
  }
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(first - Clock::now());
  poll(files.data(), files.size(), static_cast<int>(std::max<int64_t>(0, rest.count() + 1)));
  return files;
}

}  // namespace

void run_in_children(int64_t count, int jobs, std::chrono::milliseconds limit,
                     const std::function<std::string(int64_t)>& work,
                     const std::function<bool(int64_t, const ChildEnd&)>& ended) {
  std::vector<Child> children;
  int64_t next = 0;
  while (next < count || !children.empty()) {
    while (next < count && children.size() < static_cast<size_t>(jobs)) {
      children.push_back(start(next++, work, limit));
    }
    const std::vector<pollfd> files = wait_for(children);
    std::vector<Child> running;
    for (size_t i = 0; i < children.size(); ++i) {
      Child& child = children[i];
      const bool closed = files[i].revents != 0 && drained(child);
      const bool late = !closed && Clock::now() >= child.deadline;
      if (!closed && !late) {
        running.push_back(std::move(child));
      } else if (!ended(child.index, reap(child, late))) {
        count = next;
      }
    }
    children = std::move(running);
  }
}

ChildEnd run_in_child(const Work& work, std::chrono::milliseconds limit) {
  ChildEnd result;
  run_in_children(
      1, 1, limit, [&](int64_t) { return work(); },
      [&](int64_t, const ChildEnd& end) {
        result = end;
        return true;
      });
  return result;
}

}  // namespace qsim::fuzz
