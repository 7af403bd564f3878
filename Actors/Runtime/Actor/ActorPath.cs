namespace Akka.Actor;

/// <summary>
/// Where an actor is in the tree of its system, such as <c>akka://name/user/parent/child</c>. Two paths are equal when
/// their text is; the unique number of the incarnation (<see cref="Uid"/>) does not count.
/// </summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    /// <summary>The symbols that a name may hold besides ASCII letters, digits and <c>%HH</c>.</summary>
    public const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private readonly string _text;

    private protected ActorPath(ActorPath? parent, string name, long uid, string text)
    {
        Parent = parent!;
        Name = name;
        Uid = uid;
        _text = text;
    }

    /// <summary>The last element; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Number of this incarnation among all that ever had this path; 0 if undefined.</summary>
    public long Uid { get; }

    /// <summary>The path above; null for the root.</summary>
    public ActorPath Parent { get; }

    /// <summary>How many elements lie above this one.</summary>
    public int Depth => Parent is null ? 0 : Parent.Depth + 1;

    /// <summary>The names from the top down, without the root.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            var names = new string[Depth];
            var path = this;
            for (var i = names.Length - 1; i >= 0; i--, path = path.Parent)
            {
                names[i] = path.Name;
            }

            return names;
        }
    }

    /// <summary>True for a name that an actor may be given: not empty, not beginning with <c>$</c>, only valid symbols.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
        {
            return false;
        }

        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(s[i]) || ValidSymbols.Contains(s[i]))
            {
                continue;
            }

            if (s[i] != '%' || i + 2 >= s.Length || !char.IsAsciiHexDigit(s[i + 1]) || !char.IsAsciiHexDigit(s[i + 2]))
            {
                return false;
            }

            i += 2;
        }

        return true;
    }

    /// <summary>The path of a child, its incarnation undefined.</summary>
    public static ActorPath operator /(ActorPath path, string name) => new ChildActorPath(path, name, 0);

    /// <summary>Equal text.</summary>
    public static bool operator ==(ActorPath? left, ActorPath? right) => Equals(left, right);

    /// <summary>Different text.</summary>
    public static bool operator !=(ActorPath? left, ActorPath? right) => !Equals(left, right);

    /// <summary>The path of a child, its incarnation undefined.</summary>
    public ActorPath Child(string childName) => this / childName;

    /// <inheritdoc/>
    public bool Equals(ActorPath? other) => other is not null && (ReferenceEquals(this, other) || _text == other._text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public int CompareTo(ActorPath? other) => string.CompareOrdinal(_text, other?._text);

    /// <summary>The whole path with the system's address, without the incarnation.</summary>
    public override string ToString() => _text;

    /// <summary>The path without the system's address: <c>/user/parent/child</c>.</summary>
    public string ToStringWithoutAddress() => "/" + string.Join('/', Elements);
}

/// <summary>The path above all others.</summary>
public sealed class RootActorPath : ActorPath
{
    internal RootActorPath(string system)
        : base(null, "", 0, $"akka://{system}/")
    {
    }
}

/// <summary>A path below another.</summary>
public sealed class ChildActorPath : ActorPath
{
    /// <summary>A child's path.</summary>
    /// <param name="parentPath">The path above.</param>
    /// <param name="name">The child's name.</param>
    /// <param name="uid">Number of the incarnation, 0 if undefined.</param>
    public ChildActorPath(ActorPath parentPath, string name, long uid)
        : base(parentPath, name, uid, parentPath is RootActorPath ? $"{parentPath}{name}" : $"{parentPath}/{name}")
    {
    }
}
