// Whom the function app is to everybody else. It exists before the app does, so that its roles are there at the first start.

@description('Region of the identity.')
param location string

@description('Name of the identity.')
param name string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

output name string = identity.name
output principalId string = identity.properties.principalId
