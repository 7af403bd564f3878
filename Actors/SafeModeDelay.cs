using System.Globalization;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>
/// An array's safe_mode_delay is the admin's, whatever it is. A supervisor that was told to end makes it short, so that
/// the array becomes clean soon, and undoes that when it leaves. A note in the run directory outlives it if it dies in
/// between: whoever starts next undoes it then. mdmon leaves it short when it is told to end; whoever takes over from it has
/// read what it was before. Without any, as md leaves an array that was a RAID 0, it gets
/// mdmon's 5 s: it would stay dirty for ever. Part of <see cref="MemberArrayActor"/>, on its thread.
/// </summary>
internal sealed class SafeModeDelay(MemberSettings settings)
{
    private const string Short = "0.001", IfNone = "5.000";
    private string? _before;

    private string Array => settings.Array;

    private string Path => PathOf(settings.SysRoot, Array);

    private string NotePath => $"{settings.RunDirectory}/{Array}.delay";

    /// <summary>
    /// Which array of this name it is: of another one, that had the name before, the note says nothing. (Kernels before
    /// 5.15 do not tell.)
    /// </summary>
    private string Sequence =>
        SysfsAttribute.ReadOnce($"{settings.SysRoot}/block/{Array}/diskseq") is { Ok: true } read ? read.Value : "-";

    /// <summary>What it is; null: it cannot be read.</summary>
    public static string? Read(string sysRoot, string array) =>
        SysfsAttribute.ReadOnce(PathOf(sysRoot, array)) is { Ok: true } read ? read.Value : null;

    /// <summary>At a start that is no handoff: what a supervisor left that died when it had been told to end.</summary>
    public void Begin()
    {
        if (Read(settings.SysRoot, Array) is { } now && double.TryParse(now, CultureInfo.InvariantCulture, out var seconds) && seconds == 0)
        {
            SysfsAttribute.WriteOnce(Path, IfNone);
        }

        if (settings.DelayBefore is { } longer && !IsShort(longer))
        {
            Restore(longer, "the supervisor before had made it short when it was told to end");
        }

        if (settings.RunDirectory.Length == 0 || !File.Exists(NotePath))
        {
            return;
        }

        try
        {
            if (File.ReadAllText(NotePath).Split(' ', '\n') is [var sequence, var before, ""] && sequence == Sequence)
            {
                Restore(before, "a supervisor that was told to end had made it short, and died");
            }

            File.Delete(NotePath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Tell(error);
        }
    }

    /// <summary>This supervisor was told to end.</summary>
    public void MakeShort()
    {
        if (Read(settings.SysRoot, Array) is not { } now || IsShort(now) || _before is not null)
        {
            return;
        }

        _before = now;
        if (settings.RunDirectory.Length > 0)
        {
            try
            {
                File.WriteAllText(NotePath, $"{Sequence} {_before}\n");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Tell(error);
            }
        }

        SysfsAttribute.WriteOnce(Path, Short);
    }

    /// <summary>This supervisor leaves the array.</summary>
    public void Undo()
    {
        if (_before is not { } before)
        {
            return;
        }

        _before = null;
        Restore(before, null);
        try
        {
            File.Delete(NotePath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Tell(error);
        }
    }

    private static string PathOf(string sysRoot, string array) => $"{sysRoot}/block/{array}/md/safe_mode_delay";

    /// <summary>md counts in ticks of its clock, of 1 to 10 ms: what was written as 1 ms may be shown as 10.</summary>
    private static bool IsShort(string delay) =>
        double.TryParse(delay, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 0.010;

    private void Restore(string before, string? why)
    {
        if (Read(settings.SysRoot, Array) is { } now && IsShort(now) && SysfsAttribute.WriteOnce(Path, before).Ok && why is not null)
        {
            settings.Events.Info("safe-mode-delay", $"{Array}: safe_mode_delay is {before} again: {why}", Array);
        }
    }

    private void Tell(Exception error) => settings.Events.Warning(
        "safe-mode-delay-note",
        $"{Array}: the note of its safe_mode_delay, {NotePath}: {error.Message}. If this process is killed while it leaves, "
        + $"the delay stays at {Short}",
        Array);
}
