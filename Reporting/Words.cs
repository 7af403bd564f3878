using System.Globalization;

namespace ActorRaid.Reporting;

/// <summary>The words of a status: the same wherever it is shown.</summary>
public static class Words
{
    /// <summary>
    /// The exit status of a command line that is not understood (sysexits.h, EX_USAGE): no status of a health is the
    /// same.
    /// </summary>
    public const int UsageStatus = 64;

    /// <summary>OK, REBUILDING, DEGRADED, UNKNOWN, INACTIVE, STALLED, FAILED.</summary>
    public static string Of(Health health) => health.ToString().ToUpperInvariant();

    /// <summary>
    /// The exit status of a script's question: 0 all well, 1 degraded or rebuilding, 2 failed, stalled or not running,
    /// 3 cannot tell.
    /// </summary>
    public static int ExitStatus(Health health) => health switch
    {
        Health.Ok => 0,
        Health.Rebuilding or Health.Degraded => 1,
        Health.Unknown => 3,
        _ => 2,
    };

    /// <summary>A time to wait, in the largest unit that says enough: 40 s, 12 min, 3 h 20 min, 2 d 4 h.</summary>
    public static string Duration(long seconds) => seconds switch
    {
        < 0 => "0 s",
        < 90 => Text($"{seconds} s"),
        < 3600 => Text($"{(seconds + 30) / 60} min"),
        < 86400 => Text($"{seconds / 3600} h {seconds % 3600 / 60} min"),
        _ => Text($"{seconds / 86400} d {seconds % 86400 / 3600} h"),
    };

    /// <summary>A size in binary units, three digits: 40.0 MiB, 1.82 TiB.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? Text($"{bytes} B")
            : value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " "
            + units[unit];
    }

    /// <summary>How far, in whole percent, rounded down: 100 % is the end.</summary>
    public static string Percent(Progress progress) => Text($"{Math.Floor(Math.Min(1, progress.Fraction) * 100)} %");

    /// <summary>
    /// What is under way, as people call it: resync, recovery, check, repair, reshape; null: nothing that moves.
    /// </summary>
    public static string? Action(string action) => action switch
    {
        "recover" => "recovery",
        "resync" or "check" or "repair" or "reshape" => action,
        _ => null,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
