using System.Buffers;
using System.Globalization;
using System.Text;

namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>Bytes as a value: immutable, compared by content.</summary>
public readonly struct Octets : IEquatable<Octets>
{
    private readonly byte[]? _bytes;

    /// <summary>A copy of the bytes.</summary>
    public Octets(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    private Octets(byte[] bytes) => _bytes = bytes;

    /// <summary>No bytes.</summary>
    public static Octets Empty => default;

    /// <summary>That many zeros.</summary>
    public static Octets Zeros(int count) => new(new byte[count]);

    /// <summary>Text as UTF-8, cut or padded with zeros to <paramref name="length"/> bytes.</summary>
    public static Octets Text(string text, int length)
    {
        var bytes = new byte[length];
        var encoded = Encoding.UTF8.GetBytes(text);
        encoded.AsSpan(0, Math.Min(length, encoded.Length)).CopyTo(bytes);
        return new Octets(bytes);
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>How many.</summary>
    public int Length => _bytes?.Length ?? 0;

    /// <inheritdoc/>
    public bool Equals(Octets other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Octets other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Equal.</summary>
    public static bool operator ==(Octets left, Octets right) => left.Equals(right);

    /// <summary>Not equal.</summary>
    public static bool operator !=(Octets left, Octets right) => !left.Equals(right);

    /// <summary>
    /// The bytes up to the first zero byte, each byte one character: the same for those that are the same there, and only for those. For comparisons; people are
    /// shown <see cref="ToString"/>.
    /// </summary>
    public string Exact => Encoding.Latin1.GetString(Used);

    private ReadOnlySpan<byte> Used => Span.IndexOf((byte)0) is >= 0 and var end ? Span[..end] : Span;

    /// <summary>
    /// As people are shown it, up to the first zero byte: UTF-8, as mdadm writes what it is given, and a byte that is none as <c>\xff</c>. Control characters are
    /// as they are: whoever writes to a terminal or a log escapes them.
    /// </summary>
    public override string ToString()
    {
        if (Ascii.IsValid(Used))
            return Exact;
        var text = new StringBuilder(Length);
        for (var rest = Used; rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var count) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var odd in rest[..count])
                    text.Append(CultureInfo.InvariantCulture, $"\\x{odd:x2}");
            }
            rest = rest[count..];
        }

        return text.ToString();
    }
}
