using System.Diagnostics;
using System.Globalization;
using ActorRaid.SysfsIo;

namespace ActorRaid.Tests.Host;

/// <summary>The program itself, run as a process of its own.</summary>
internal static class Executable
{
    /// <summary>Generous: the machine may be busy.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>In its own project's place: beside the tests lie only the libraries that these need.</summary>
    public static string Path { get; } =
        System.IO.Path.Combine(AppContext.BaseDirectory.Replace("/Tests/bin/", "/Host/bin/", StringComparison.Ordinal), "actorraid");

    public static (int Status, string Output, string Errors) Run(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(program, arguments, environment);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert(process.WaitForExit(Limit), $"{program} has not ended");
        return (process.ExitCode, output, errors.Result);
    }

    public static Process Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        return Process.Start(info)!;
    }

    /// <summary>Whether a process has ended, even if nobody has asked for its exit status yet.</summary>
    public static bool HasEnded(int process) => Processes.CommandLine(process) is not { Ok: true, Value.Length: > 0 };

    /// <summary>How large the stacks of a process's threads are, in bytes: what lies behind a page that nobody may touch.</summary>
    public static IEnumerable<long> Stacks(int process)
    {
        var (guard, end) = (false, 0L);
        foreach (var line in File.ReadLines($"/proc/{process}/maps"))
        {
            var place = line.Split(' ')[0].Split('-').Select(at => long.Parse(at, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            if (guard && place[0] == end && line.Contains(" rw-p ", StringComparison.Ordinal))
                yield return place[1] - place[0];
            (guard, end) = (line.Contains(" ---p ", StringComparison.Ordinal) && place[1] - place[0] == Environment.SystemPageSize, place[1]);
        }
    }

    private static void Assert(bool condition, string complaint)
    {
        if (!condition)
            throw new TimeoutException(complaint);
    }
}
