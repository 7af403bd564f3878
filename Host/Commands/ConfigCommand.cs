using ActorRaid.Host.Launch;
using ActorRaid.Host.Settings;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid config</c> and <c>actorraid reload</c>.</summary>
internal static class ConfigCommand
{
    // A reload may have to open a log file on an array that is busy.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Shows what is in force, by the daemon's own word; what the file says, where none runs. 0, or 1 when the file is not in order (and
    /// what is shown counts nevertheless) or the daemon that runs cannot be asked.
    /// </summary>
    internal static int Show(LaunchPaths paths, string file, bool json, TextWriter output, TextWriter errors)
    {
        var (reply, error) = LaunchClient.AskRunning(paths.Socket, AnswerLimit, LaunchRequest.Config);
        if (error is not null)
        {
            errors.WriteLine($"actorraid: {error}");
            return 1;
        }
        var report = reply is null ? new SettingsInForce(file).Report(0)
            : reply.Outcome == LaunchOutcome.Done ? SettingsReport.FromLine(reply.Message)
            : null;
        if (report is null)
        {
            errors.WriteLine($"actorraid: the daemon at {paths.Socket} gave an answer that is not understood: {reply}");
            return 1;
        }
        if (json)
            output.WriteLine(report.ToJson());
        else
            output.Write(report.ToText());
        return report.Problems.IsEmpty ? 0 : 1;
    }

    /// <summary>Whether a file is in order: 0, or 1 with what is wrong.</summary>
    internal static int Check(string file, TextWriter output, TextWriter errors)
    {
        var read = SettingsFile.Read(file);
        foreach (var problem in read.Problems)
            errors.WriteLine($"actorraid: {problem}");
        if (!read.Exists)
            errors.WriteLine($"actorraid: {file}: there is no such file");
        if (!read.Exists || read.Problems.Length > 0)
            return 1;
        output.WriteLine($"{file}: in order, {read.Given.Count} of {SettingKey.All.Length} keys given");
        return 0;
    }

    /// <summary>What a file may hold.</summary>
    internal static int Keys(TextWriter output)
    {
        foreach (var key in SettingKey.All)
        {
            output.WriteLine($"{key.Name}: {key.Allowed}; default {key.Json(new DaemonSettings())}; changed by a {(key.AtOnce ? "reload" : "restart")}");
            output.WriteLine($"    {key.Meaning}");
        }
        return 0;
    }

    /// <summary>Has the configuration read again: 0 once it is in force, or 1 with the reason why it is not.</summary>
    internal static int Reload(LaunchPaths paths, TextWriter output, TextWriter errors)
    {
        var (reply, error) = LaunchClient.AskRunning(paths.Socket, Limit, LaunchRequest.Reload);
        if (reply is { Outcome: LaunchOutcome.Done })
        {
            output.WriteLine(reply.Message);
            return 0;
        }
        errors.WriteLine($"actorraid: {error ?? reply?.Message ?? $"no daemon listens at {paths.Socket}: start one with `actorraid supervise`"}");
        return 1;
    }
}
