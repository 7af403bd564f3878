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

    /// <summary>Text, cut or padded with zeros to <paramref name="length"/> bytes.</summary>
    public static Octets Text(string text, int length)
    {
        var bytes = new byte[length];
        var encoded = Encoding.Latin1.GetBytes(text);
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

    /// <summary>As text up to the first zero byte, each byte one character.</summary>
    public override string ToString()
    {
        var span = Span;
        var end = span.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? span : span[..end]);
    }
}
