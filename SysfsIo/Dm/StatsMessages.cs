using System.Globalization;
using System.Text;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>
/// The messages by which device-mapper keeps statistics (Documentation/admin-guide/device-mapper/statistics.rst). The
/// kernel cuts a message into words at white space, a backslash before a byte makes it an ordinary one. Texts are
/// bytes, each as one character (Latin-1).
/// </summary>
public static class StatsMessages
{
    /// <summary>What stands for an empty text.</summary>
    public const string Nothing = "-";

    /// <summary>
    /// How long a message may be that libdm's clients build, in bytes: theirs is a buffer of 1024, with a blank and a
    /// NUL at the end. The kernel knows no such limit, but a text that is longer they cannot change any more.
    /// </summary>
    public const int ClientLimit = 1024 - 2;

    /// <summary>Creates a region of one area; the answer is its number, see <see cref="StatsText.Number"/>.</summary>
    /// <param name="range">
    /// Its sectors. Throws <see cref="ArgumentException"/> for none: the kernel has 0 mean the whole device.
    /// </param>
    /// <param name="options">What is to be counted beside the usual.</param>
    /// <param name="programId">Whose it is.</param>
    /// <param name="aux">What else is to be kept there.</param>
    public static string Create(SectorRange range, StatsOptions options, string programId, string aux)
    {
        if (range.Length == 0)
        {
            throw new ArgumentException("a region has sectors", nameof(range));
        }
        List<string> wanted = [];
        if (options.IsPrecise)
        {
            wanted.Add("precise_timestamps");
        }
        if (!options.Bounds.IsEmpty)
        {
            wanted.Add($"histogram:{string.Join(',', options.Bounds)}");
        }
        // A program whose name is a number would be taken for how many options there are.
        var count = wanted.Count > 0 || programId.All(char.IsAsciiDigit) ? [$"{wanted.Count}"] : (string[])[];
        return string.Join(' ', ["@stats_create", $"{range}", "/1", .. count, .. wanted, Word(programId), Word(aux)]);
    }

    /// <summary>Lists all regions; see <see cref="StatsText.Regions"/>.</summary>
    public static string List() => "@stats_list";

    /// <summary>Tells what a region has counted; see <see cref="StatsText.Areas"/>.</summary>
    public static string Print(ulong id) => $"@stats_print {Text(id)}";

    /// <summary>The same, and begins again at 0. Nothing is cleared when the answer does not fit the buffer.</summary>
    public static string PrintClear(ulong id) => $"@stats_print_clear {Text(id)}";

    /// <summary>Begins again at 0.</summary>
    public static string Clear(ulong id) => $"@stats_clear {Text(id)}";

    /// <summary>Ends counting there.</summary>
    public static string Delete(ulong id) => $"@stats_delete {Text(id)}";

    /// <summary>Replaces what else is kept there.</summary>
    public static string SetAux(ulong id, string aux) => $"@stats_set_aux {Text(id)} {Word(aux)}";

    /// <summary>A text as one word; <see cref="Nothing"/> for an empty one.</summary>
    internal static string Word(string text)
    {
        if (text.Length == 0)
        {
            return Nothing;
        }
        var word = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            // 0xA0 is white space to the kernel, which takes bytes for Latin-1; in UTF-8 it is part of a letter such as à.
            if (letter is '\\' or ' ' or (>= '\t' and <= '\r') or '\u00A0')
            {
                word.Append('\\');
            }
            word.Append(letter);
        }
        return word.ToString();
    }

    private static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}
