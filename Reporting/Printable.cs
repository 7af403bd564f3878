using System.Globalization;
using System.Text;

namespace ActorRaid.Reporting;

/// <summary>
/// Text that came from elsewhere (a volume's name, a serial number, another host), as it may leave: for terminals,
/// journals, pages, metrics, programs that are run on events, and clusters. One way for all.
/// </summary>
public static class Printable
{
    /// <summary>
    /// The text with everything escaped (<c>\u001b</c>) that moves a cursor, begins a line, turns the direction of
    /// writing, or cannot be seen: control characters (C0, DEL, C1), line and paragraph separators, formatting
    /// characters but the joiners that some scripts need, and halves of surrogate pairs. Escaping twice changes
    /// nothing.
    /// </summary>
    public static string Of(string text)
    {
        var plain = 0;
        while (plain < text.Length && text[plain] is >= ' ' and <= '~')
            plain++;
        if (plain == text.Length)
            return text;
        var shown = new StringBuilder(text.Length + 8);
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = Rune.TryGetRuneAt(text, at, out var rune) ? rune.Utf16SequenceLength : 1;
            if (length == 1 && char.IsSurrogate(text[at]))
                Escape(shown, text[at]);
            else if (IsHidden(rune))
                Escape(shown, rune.Value);
            else
                shown.Append(text, at, length);
        }
        return shown.ToString();
    }

    /// <summary>A status of which the same is true.</summary>
    public static HostStatus Of(HostStatus status) => status with
    {
        Host = Of(status.Host),
        Program = Of(status.Program),
        Summary = Of(status.Summary),
        Containers = [.. status.Containers.Select(Of)],
        NativeArrays = status.NativeArrays is { IsDefault: false } native ? [.. native.Select(Of)] : null,
        Problem = Maybe(status.Problem),
    };

    /// <summary>An event of which the same is true.</summary>
    public static EventStatus Of(EventStatus e) => e with
    {
        Level = Of(e.Level), Kind = Of(e.Kind), Container = Maybe(e.Container), Array = Maybe(e.Array), Disk = Maybe(e.Disk), Text = Of(e.Text),
        Cause = Maybe(e.Cause), Wrote = Maybe(e.Wrote), From = Maybe(e.From), To = Maybe(e.To),
    };

    private static ContainerStatus Of(ContainerStatus container) => container with
    {
        Name = Of(container.Name),
        Format = Of(container.Format),
        WaitsFor = Maybe(container.WaitsFor),
        Uuid = Maybe(container.Uuid),
        Arrays = [.. container.Arrays.Select(Of)],
        Disks = [.. container.Disks.Select(Of)],
    };

    private static ArrayStatus Of(ArrayStatus array) => array with
    {
        Name = Of(array.Name),
        VolumeName = Of(array.VolumeName),
        Level = Of(array.Level),
        State = Of(array.State),
        Action = Of(array.Action),
        Uuid = Maybe(array.Uuid),
        Legs = [.. array.Legs.Select(leg => leg with { Disk = Of(leg.Disk), State = [.. leg.State.Select(Of)] })],
        Conditions = array.Conditions is { IsDefault: false } conditions ? [.. conditions.Select(Of)] : null,
        MissingDisks = array.MissingDisks is { IsDefault: false } missing ? [.. missing.Select(Of)] : null,
    };

    private static DiskStatus Of(DiskStatus disk) => disk with
    {
        Name = Of(disk.Name), Device = Of(disk.Device), Serial = Of(disk.Serial), Role = Of(disk.Role), Unreadable = Maybe(disk.Unreadable),
    };

    private static string? Maybe(string? text) => text is null ? null : Of(text);

    private static bool IsHidden(Rune rune)
    {
        const int NonJoiner = 0x200C, Joiner = 0x200D;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
            UnicodeCategory.Format => rune.Value is not (NonJoiner or Joiner),
            _ => false,
        };
    }

    private static void Escape(StringBuilder shown, int character) => shown.Append(CultureInfo.InvariantCulture, $"\\u{character:x4}");
}
