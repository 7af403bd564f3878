using System.Diagnostics;
using ActorRaid.SysfsIo;

namespace ActorRaid.Tests.Host;

/// <summary>The program itself, run as a process of its own.</summary>
internal static class Executable
{
    /// <summary>Generous: the machine may be busy.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "actorraid");

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

    private static void Assert(bool condition, string complaint)
    {
        if (!condition)
            throw new TimeoutException(complaint);
    }
}
